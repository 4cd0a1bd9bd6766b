"""Fetch what real machines are made of, and say what there is: `python -m holdfast.impl.qemu`."""

from __future__ import annotations

import sys

from .packages import Unavailable
from .provision import folder, provision


def main() -> int:
    """0 when a QEMU is there, 1 when none is to be had, which is then explained."""
    try:
        print(f"{provision()}\nin {folder()}")
    except Unavailable as e:
        print(f"no QEMU to be had: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
