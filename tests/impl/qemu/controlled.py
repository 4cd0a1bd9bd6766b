"""A controller as a process of its own, which can be killed: `python -m tests.impl.qemu.controlled FOLDER`.

It begins the exchange or, if there is a journal, goes on with it; after each effect it says which one that was.
"""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path

from holdfast.impl.controller import Controller, Progress
from holdfast.impl.errors import Ended
from holdfast.impl.journal import Identity, Journal
from holdfast.impl.plan import Plan, Tolerated, VmSizes, whole_exchange
from holdfast.impl.qemu.driver import QemuDriver
from holdfast.impl.qemu.provision import provision
from holdfast.impl.qemu.site import Site

IDENTITY = Identity("plan", "cluster", "assumptions")
TOLERATED = Tolerated(migration_aborted=9, destination_killed=9, boot_failed=9, format_unreadable=9, map_corrupted=9)


def plan_of(site: Site) -> Plan:
    """The whole exchange, one VM in flight at a time."""
    sizes = tuple(VmSizes(vm, site.size_pages(vm)) for vm in site.residents)
    return Plan("exchange", site.machine, whole_exchange(list(site.residents), 1), sizes, site.sizes, TOLERATED)


def say(progress: Progress) -> None:
    """Tell whoever may want to kill this process."""
    sys.stdout.write(f"effect {progress.effect}\n")
    sys.stdout.flush()


def main(folder: Path) -> int:
    """0 when the run is over and no VM is lost."""
    with closing(QemuDriver(folder, provision())) as driver:
        return go_on(folder, driver)


def go_on(folder: Path, driver: QemuDriver) -> int:
    """Begin, or go on from where the journal ends."""
    path = folder / "journal"
    journal = Journal.reopen(path, IDENTITY) if path.exists() else Journal.create(path, IDENTITY)
    controller = Controller(plan_of(Site.read(folder)), driver, journal, watch=say)
    try:
        finished = controller.resume() if any(journal.entries()) else controller.start()
        sys.stdout.write(f"ended {finished.how} {' '.join(finished.lost)}\n")
    except Ended:
        sys.stdout.write("ended before\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
