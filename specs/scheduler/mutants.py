"""The memory scheduler, broken on purpose."""

from __future__ import annotations

from ...model.actors import pages
from ...model.extremes import larger, positive, smaller
from ...model.inventory import Vm
from ...model.language import Quantity, Truth, quantity
from ...model.sampling import Scheduler, Watch, owed
from ..mutant import Mutant
from ..mutations import also_requiring, also_writing, defining, forgetting, not_writing


def _allocated(w: Watch, *, reservation: bool = True, limit: bool = True) -> Quantity:
    due = smaller(w.entitlement, w.unreclaimable + w.active + w.headroom)
    due = larger(due, w.vm.reservation) if reservation else due
    return smaller(smaller(due, w.limit) if limit else due, w.vm.size)


def _unreserved(w: Watch) -> Quantity:
    return _allocated(w, reservation=False)


def _unlimited(w: Watch) -> Quantity:
    return _allocated(w, limit=False)


def _possibly_negative(w: Watch) -> Quantity:
    return smaller(w.cold, w.vm.resident - w.allocated) - owed(w.vm)


def _spare_in_flight(w: Watch) -> Quantity:
    return positive(_possibly_negative(w))


def _spare_beyond_reservation(w: Watch) -> Quantity:
    left = smaller(w.cold, w.vm.resident - w.vm.reservation) - owed(w.vm)
    return positive(left)


def _all_that_is_idle(w: Watch, _: Scheduler) -> None:
    w.vm.balloon_target = w.vm.balloon_target + w.by_balloon


def _as_much_as_by_balloon(w: Watch, s: Scheduler) -> None:
    w.vm.swap_target = w.vm.swap_target + smaller(smaller(w.spare, s.wanted), w.slots_left)


def _balloon_first(w: Watch, s: Scheduler) -> None:
    more = smaller(w.due, s.room)
    by_balloon = smaller(w.vm.balloon_target, more)
    w.vm.balloon_target = w.vm.balloon_target - by_balloon
    w.vm.swap_target = w.vm.swap_target - (more - by_balloon)


def _swapped_by_surprise(w: Watch) -> None:
    w.vm.swap_target = w.vm.swap_target + smaller(positive(w.vm.balloon_target - w.vm.ballooned), w.slots_left)


def _vm_runs(vm: Vm, *_: object) -> Truth:
    return vm.runs


def _has_free_pages(vm: Vm, _: Quantity) -> Truth:
    return vm.free > 0


def _slots_enough(w: Watch) -> Quantity:
    return w.vm.machine.swap


MUTANTS = (
    Mutant(
        "estimates-that-do-not-sum",
        "A new sample leaves the number of idle pages as it was.",
        "estimates_sum",
        "pinned-and-freed",
        not_writing("sample_classes", Watch.idle),
    ),
    Mutant(
        "estimates-from-too-few",
        "An estimate is further off than its sample size is said to let it be.",
        "estimates_within_their_error",
        "pinned-and-freed",
        forgetting("misjudge", "the estimate is off by no more than its error"),
    ),
    Mutant(
        "negative-target",
        "What is to be asked of a VM may come out below zero, and is asked all the same: it is given pages instead.",
        "given_within_room",
        "one-gives-one-gets",
        lambda system: forgetting(
            "ask_balloon", "the VM can spare pages that are wanted, and none that can pays less for its own"
        )(defining(Watch.spare, _possibly_negative)(system)),
    ),
    Mutant(
        "dearest-gives-first",
        "Pages are asked of whatever VM has some, not of the one that pays least for them.",
        "cheapest_gives_first",
        "dead-balloon-and-due",
        forgetting("ask_swap", "the VM can spare pages that are wanted, and none that can pays less for its own"),
    ),
    Mutant(
        "asked-for-all-that-is-idle",
        "A VM is asked for all that is idle, whether it is wanted or not.",
        "asked_only_when_wanted",
        "comes-to-rest",
        also_writing("ask_balloon", _all_that_is_idle),
    ),
    Mutant(
        "unreclaimable-targeted",
        "Every page of a VM counts as idle: those that it uses, and those that are pinned.",
        "unreclaimable_not_targeted",
        "two-phases-in-flight",
        defining(Watch.cold, lambda w: w.vm.resident),
    ),
    Mutant(
        "reservation-forgotten",
        "What a VM is due does not include its reservation.",
        "reservation_left",
        "two-phases-in-flight",
        defining(Watch.allocated, _unreserved),
    ),
    Mutant(
        "balloon-without-bound",
        "A balloon is asked for all that is idle, beyond 65 % of the VM.",
        "balloon_within_its_part",
        "low-and-blocked",
        defining(Watch.by_balloon, lambda w: w.spare),
    ),
    Mutant(
        "balloon-at-equality",
        "Pages are ballooned while exactly as much is available as the Hard line says.",
        "technique_by_the_line",
        "low-and-blocked",
        defining(Scheduler.ample, lambda s: s.hard_line <= s.available),
    ),
    Mutant(
        "dead-balloon-grows",
        "The balloon takes pages although its driver hangs.",
        "dead_balloon_is_still",
        "dead-balloon",
        forgetting("squeeze_buffer", "the balloon's driver works"),
    ),
    Mutant(
        "swapped-as-if-seen",
        "As much is swapped as would be ballooned, as if the hypervisor saw what the guest uses.",
        "swapped_for_the_idle_part",
        "low-and-blocked",
        also_writing("ask_swap", _as_much_as_by_balloon),
    ),
    Mutant(
        "balloon-lowered-first",
        "A VM with insufficient memory gets back what its balloon holds, before what is swapped.",
        "insufficiency_lowers",
        "low-and-blocked",
        also_writing("grant", _balloon_first),
    ),
    Mutant(
        "swapped-though-short",
        "A dead balloon is made up for by swapping from a VM that has too little as it is.",
        "insufficiency_lowers",
        "dead-balloon-and-due",
        also_writing("give_balloon_up", _swapped_by_surprise),
    ),
    Mutant(
        "increase-before-decrease",
        "A VM is given pages before others have given what was asked of them.",
        "decreases_before_increases",
        "two-phases-in-flight",
        forgetting("grant", "all that is to be taken has been taken"),
    ),
    Mutant(
        "asked-is-as-good-as-taken",
        "What was asked of a VM counts as taken at once: another is given it, and is copied with it, before it is there.",
        "machine_not_overcommitted",
        "two-phases-in-flight",
        defining(Scheduler.owed, lambda _: quantity(0, pages)),
    ),
    Mutant(
        "given-into-low",
        "Pages are given back until not one frame is left.",
        "given_within_room",
        "one-gives-one-gets",
        defining(Scheduler.room, lambda s: s.capacity - s.planned),
    ),
    Mutant(
        "due-above-limit",
        "What a VM is due may be more than its limit.",
        "given_within_limit",
        "pinned-and-freed",
        defining(Watch.allocated, _unlimited),
    ),
    Mutant(
        "slots-promised-twice",
        "Every swap target counts on all the swap slots that there are.",
        "slots_for_every_target",
        "pinned-and-freed",
        defining(Watch.slots_left, _slots_enough),
    ),
    Mutant(
        "blocked-outside-low",
        "A VM is blocked whatever the state of memory.",
        "blocked_only_in_low",
        "low-and-blocked",
        forgetting("block", "memory is low, and the VM is above its target"),
    ),
    Mutant(
        "blocked-and-running",
        "A blocked VM runs on.",
        "blocked_does_nothing",
        "low-and-blocked",
        defining(Vm.runs, lambda vm: vm.awake),
    ),
    Mutant(
        "let-go-too-early",
        "A blocked VM runs again while memory is low and it has not given.",
        "let_go_once_relieved",
        "low-and-blocked",
        forgetting("unblock", "the VM is blocked, and need not be"),
    ),
    Mutant(
        "no-hysteresis",
        "A memory state is left as soon as its line is exceeded.",
        "no_flapping",
        "low-and-blocked",
        defining(Scheduler.by_margin, lambda s: s.by_lines),
    ),
    Mutant(
        "asked-for-what-is-due",
        "All that is idle beyond its reservation is asked of a VM, though part of it is due to it again at once.",
        "nobody_made_short",
        "low-and-blocked",
        defining(Watch.spare, _spare_beyond_reservation),
    ),
    Mutant(
        "given-up-though-it-answers",
        "A balloon that works is found inactive.",
        "given_up_only_when_dead",
        "dead-balloon",
        forgetting("find_inactive", "it makes no progress"),
    ),
    Mutant(
        "asked-in-flight",
        "The scheduler asks pages of a VM that is in flight.",
        "frozen_while_in_flight",
        "two-phases-in-flight",
        defining(Watch.spare, _spare_in_flight),
    ),
    Mutant(
        "given-while-suspended",
        "The scheduler gives pages back to a VM that is suspended.",
        "frozen_while_in_flight",
        "suspended-with-targets",
        forgetting("grant", "the VM runs, or is only blocked"),
    ),
    Mutant(
        "blocked-not-swapped",
        "No page is swapped of a VM that is blocked: memory stays low, and it stays blocked.",
        "low_memory_recovers",
        "low-and-blocked",
        lambda system: also_requiring("swap_out", _vm_runs, "the VM is not blocked")(
            also_requiring("swap_out_blindly", _vm_runs, "the VM is not blocked")(system)
        ),
    ),
    Mutant(
        "never-let-go",
        "Only a VM that runs is let run again.",
        "blocked_runs_again",
        "low-and-blocked",
        also_requiring("unblock", _vm_runs, "the VM runs"),
    ),
    Mutant(
        "asked-for-the-machine-only",
        "No VM is asked for what another one is due.",
        "insufficient_gets_memory",
        "one-gives-one-gets",
        defining(Scheduler.wanted, lambda s: s.lacking),
    ),
    Mutant(
        "kept-from-the-needy",
        "A balloon gives pages back only to a guest that has free ones: the others wait for what was granted to them.",
        "comes_to_rest",
        "comes-to-rest",
        also_requiring("deflate", _has_free_pages, "the guest has free pages"),
    ),
    Mutant(
        "dead-balloon-never-replaced",
        "A dead balloon is given up, and goes on being waited for.",
        "dead_balloon_replaced",
        "dead-balloon",
        not_writing("give_balloon_up", Vm.balloon_target),
    ),
)
"""Every mutant of this part."""
