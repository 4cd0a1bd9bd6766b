"""The command line: `holdfast verify PLAN`, `explore WORLD`, `replay TRACE`, `catalogue`, `import libvirt`.

app.py is the group and how it ends; one file per command; everything heavy is imported inside the command that needs
it, so that `--help` starts at once. Exit codes: 0 holds, 1 violated, 2 bad input or usage, 3 unknown or vacuous; and
like a shell's, 130 interrupted, 141 nobody reads on; 70 is a fault of this program.
"""

from __future__ import annotations

import os
import sys
import traceback

from .app import NobodyReads, holdfast
from .interrupts import INTERRUPTED_EXIT

BROKEN_PIPE_EXIT, FAULT_EXIT = 141, 70


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    sys.exit(_run())


def _run() -> int:
    import click

    try:
        code = holdfast.main(prog_name="holdfast", standalone_mode=False)
        sys.stdout.flush()
        return int(code or 0)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: no verdict", err=True)
        return INTERRUPTED_EXIT
    except click.ClickException as error:
        error.show()
        return 2
    except (
        NobodyReads,
        BrokenPipeError,
    ):  # whoever reads has heard enough; nothing is left to flush into the closed pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE_EXIT
    except Exception as error:  # shown in full; Python's own exit code for it would say "violated"
        traceback.print_exc()
        click.echo("this is a fault of Holdfast itself, and no verdict", err=True)
        raise SystemExit(FAULT_EXIT) from error
