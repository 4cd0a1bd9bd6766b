"""The command line: `holdfast verify PLAN`, `explore WORLD`, `replay TRACE`, `catalogue`, `import libvirt`.

app.py is the group and how it ends; one file per command; everything heavy is imported inside the command that needs
it, so that `--help` starts at once. Exit codes: 0 holds, 1 violated, 2 bad input or usage, 3 unknown or vacuous.
"""

from __future__ import annotations

import os
import sys

from .app import holdfast

BROKEN_PIPE_EXIT = 141
INTERRUPTED_EXIT = 130


def main() -> None:
    """Run the command line and leave the process with its exit code."""
    import click

    try:
        code = holdfast.main(prog_name="holdfast", standalone_mode=False)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted: no verdict", err=True)
        code = INTERRUPTED_EXIT
    except click.ClickException as error:
        error.show()
        code = 2
    except BrokenPipeError:  # whoever reads has heard enough; nothing is left to flush into the closed pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = BROKEN_PIPE_EXIT
    sys.exit(code)
