"""What the worlds of the memory scheduler are made of: its lines, what VMs are due, and what a question leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ...model.language import Entity
from ...model.published import IDLE_TAX_PERCENT, balloon_most, idle_price
from ...model.sampling import Balloon, Count, Scheduler, Watch
from ..hosts import GuestPages, HostPages, bounds, machine, resident
from ..questions import CLEAN, FAULTLESS, because

PARTS = ("scheduler",)
PRICE = idle_price(IDLE_TAX_PERCENT)


@dataclass(frozen=True)
class Lines:
    """Available frames at which the memory states begin, and by how many more they are left again (D4)."""

    low: int = 0
    hard: int = 1
    soft: int = 2
    clear: int = 2
    margin: int = 1


@dataclass(frozen=True)
class Due:
    """What a VM pays and is due, in shares and pages; how wrong an estimate may be, and for how many decisions it serves;
    whether its guest has a balloon driver."""

    vm: GuestPages
    shares: int = 1
    limit: int | None = None
    entitlement: int | None = None
    headroom: int = 1
    error: int = 0
    lasts: int = 1
    has_agent: bool = True


def watch(due: Due) -> Watch:
    """The watch over a VM, with nothing sampled yet."""
    size = due.vm.size
    return Watch(
        f"watch {due.vm.name}",
        vm=due.vm.name,
        shares=due.shares,
        idle_price=PRICE,
        limit=size if due.limit is None else due.limit,
        entitlement=size if due.entitlement is None else due.entitlement,
        headroom=due.headroom,
        balloon_most=balloon_most(size),
        most=size,
        error=due.error,
        lasts=due.lasts,
        has_agent=due.has_agent,
        balloon=Balloon.ACTIVE if due.has_agent else Balloon.UNCOOPERATIVE,
    )


def scheduler(box: HostPages, lines: Lines, *, inside: bool = False) -> Scheduler:
    """The scheduler of a machine, or of the inside of its host VM."""
    return Scheduler(
        f"{box.name}.scheduler{'.inside' * inside}",
        machine=box.name,
        inside=inside,
        clear_line=lines.clear,
        soft_line=lines.soft,
        hard_line=lines.hard,
        low_line=lines.low,
        margin=lines.margin,
    )


def scheduled(
    box: HostPages, dues: Iterable[Due], lines: Lines, *, inside: Lines | None = None, **faults: int
) -> list[Entity]:
    """A machine whose VMs, on its old hypervisor, are scheduled; and those in its host VM too, if `inside` has lines."""
    known = list(dues)
    vms = [due.vm for due in known]
    most = max(vm.size for vm in vms)
    within = [] if inside is None else [scheduler(box, inside, inside=True)]
    return [
        *machine(box),
        *resident(box, vms, [due.vm.name for due in known if not due.has_agent]),
        *bounds(most=most, **faults),
        *(Count(str(n), amount=n, factor=n) for n in range(most + 1)),
        scheduler(box, lines),
        *within,
        *(watch(due) for due in known),
    ]


# --------------------------------------------------------------------------------- what a question does not need
POLICY_SETS = because("the scheduler sets the targets here, not a plan: reclaim-first asks about plans", "reclaim")
NO_EXCHANGE = because(
    "nothing is exchanged here: exchanged-when-full asks about that",
    *("create_host_vm", "consolidate", "disassociate", "withdraw", "copy", "stop", "commit", "activate", "cancel"),
    *("suspend", "build_map", "seal_map", "launch_new", "finish_boot", "pass_map", "validate_map", "tear_down_old"),
    *("resume", "roll_back", "destroy_host_vm"),
)
MEMORY_ONLY = {**POLICY_SETS, **NO_EXCHANGE, **FAULTLESS, **CLEAN}
NO_BUFFERS = because(
    "the guests have no file buffers, and free nothing: what is idle is inactive data",
    *("read_file", "reuse_buffer", "age_buffer", "drop_buffer", "squeeze_buffer", "allocate", "release", "inflate"),
)
NO_PINNING = because(
    "no page changes between pinned and ordinary here: pinned-and-freed asks about that", "pin", "unpin"
)
DRIVERS_WORK = because(
    "every balloon's driver works here: dead-balloon asks about the other case",
    *("balloon_stuck", "restart_driver", "find_inactive", "give_balloon_up", "find_active"),
)
EXACT = because("estimates are exact here: pinned-and-freed asks about their error", "misjudge")
DATA_ONLY = {**EXACT, **NO_BUFFERS, **NO_PINNING}
INTO_HOST_VM_ONLY = because(
    "only the way into the guest hypervisor is asked about: exchanged-when-full asks about the rest",
    *("disassociate", "withdraw", "cancel", "suspend", "build_map", "seal_map", "launch_new", "finish_boot"),
    *("pass_map", "validate_map", "tear_down_old", "resume", "roll_back", "destroy_host_vm"),
)
EXCHANGE_ALONGSIDE = {**POLICY_SETS, **DATA_ONLY, **DRIVERS_WORK, **FAULTLESS, **CLEAN}
QUIET = because(
    "the guests are still here, and touch nothing that was taken from them",
    *("touch", "fault_in", "reuse_anonymous", "age_anonymous"),
)

NO_DEAD_BALLOON = because("every balloon's driver works here", "swapped_for_a_dead_balloon")
ONE_VM = because("there is one VM", "waits_for_another_to_give", "given_inside")
NO_EXCHANGE_SEEN = because("nothing is exchanged here", "exchanged_for_what_was_taken")
NOBODY_INSIDE = because("nobody is in the host VM for good here", "given_inside")
NEVER_LOW = because("memory is never low here", "blocked_in_low", "between_line_and_margin")
NO_SLOTS = because("there are no swap slots here", "balloon_and_swap_asked", "every_slot_promised")
