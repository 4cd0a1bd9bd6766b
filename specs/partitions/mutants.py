"""Partition migration, broken on purpose: each mutant must be caught by the property that it names, where it says."""

from __future__ import annotations

from ...model.inventory import Power
from ...model.language import System, Truth, all_of
from ...model.partitions import Device, Processor, Split
from ..mutant import Mutant
from ..mutations import also_requiring, also_writing, forgetting, not_writing

QUIET_DEVICES = "every device is quiesced, and no DMA is in flight"


def _taken_beside_the_other(system: System) -> System:
    """A device is taken while the other hypervisor still drives it, which goes on."""
    return not_writing("attach_device", Device.with_old)(forgetting("attach_device", "nobody has the device")(system))


def _gives_its_own(s: Split) -> None:
    s.old_frames = s.old_frames - s.old_frames


def _has_ended(s: Split) -> Truth:
    return s.machine.old.power == Power.ABSENT


def _has_every_processor(s: Split) -> Truth:
    return all_of(p.with_new for p in Processor.where(split=s))


def _was_observed(s: Split) -> Truth:
    return s.end_observed


def _quiet(s: Split) -> Truth:
    return ~s.alarm


MUTANTS: tuple[Mutant, ...] = (
    # ------------------------------------------------------------ S12: whose a page, a processor, a device is
    Mutant(
        "released-and-kept",
        "Pages that were released stay in the old hypervisor's account.",
        "frames_have_one_owner",
        "split-never-given-up",
        not_writing("publish_pages", Split.old_frames),
    ),
    Mutant(
        "processor-in-both",
        "The new hypervisor uses a processor that the old one still uses.",
        "processors_have_one_user",
        "split-never-given-up",
        forgetting("take_processor", "nobody has the processor"),
    ),
    Mutant(
        "device-driven-by-both",
        "The new hypervisor drives a device that the old one still drives.",
        "devices_have_one_driver",
        "split-never-given-up",
        _taken_beside_the_other,
    ),
    Mutant(
        "arrived-without-devices",
        "The host VM runs on the new hypervisor before its devices are there.",
        "runs_with_all_that_it_has",
        "split-never-given-up",
        forgetting("arrive", "the new hypervisor has every device"),
    ),
    # --------------------------------------------------------------------------------------------- S13: claim after release
    Mutant(
        "claimed-again",
        "A page that was claimed counts as released still, and is claimed again.",
        "claimed_only_when_released",
        "split-never-given-up",
        not_writing("claim_pages", Split.released),
    ),
    Mutant(
        "claimed-on-timer-alone",
        "The last memory is claimed when the time-out has passed, whether the old hypervisor has ended or not.",
        "last_memory_waits_for_both",
        "split-never-given-up",
        forgetting("claim_last", "the end of the old hypervisor was observed"),
    ),
    Mutant(
        "claimed-on-terminated-alone",
        "The last memory is claimed once the old hypervisor was observed to have ended, before the time-out.",
        "last_memory_waits_for_both",
        "split-never-given-up",
        forgetting("claim_last", "the timer has expired"),
    ),
    Mutant(
        "footprint-bequeathed-while-it-runs",
        "The old hypervisor gives its own frames away as it publishes what it has.",
        "last_memory_claimed_in_the_end",
        "split-never-given-up",
        also_writing("bequeath", _gives_its_own),
    ),
    Mutant(
        "bequeathed-with-the-host-vm",
        "The old hypervisor bequeaths what it has, and ends, while the host VM is still with it.",
        "nothing_left_with_the_ended",
        "split-smallest",
        forgetting("bequeath", "the machine is split, and the host VM runs on the new hypervisor"),
    ),
    # ---------------------------------------------------------------------- S14, S15: two live partitions
    Mutant(
        "last-processor-given",
        "The old hypervisor gives its last processor away while it runs.",
        "every_live_partition_can_live",
        "split-never-given-up",
        forgetting("give_processor", "another processor stays with the old hypervisor"),
    ),
    Mutant(
        "moved-with-dma-in-flight",
        "A device leaves its hypervisor unquiesced, or with DMA in flight.",
        "still_as_it_moves",
        "split-never-given-up",
        forgetting("detach_device", "the device is quiesced, and no DMA is in flight"),
    ),
    Mutant(
        "processor-taken-by-nobody",
        "A processor comes into use with a hypervisor that is not there yet.",
        "taken_by_the_living",
        "split-never-given-up",
        forgetting("take_processor", "the new hypervisor runs"),
    ),
    Mutant(
        "booted-unsplit",
        "The new hypervisor boots beside the old one on a machine that is not split.",
        "side_by_side_only_when_split",
        "arrives-before-the-split",
        forgetting("boot_beside", "the machine is split, and not about to be one again"),
    ),
    Mutant(
        "released-under-dma",
        "Pages change hands while a device may still write to them.",
        "devices_reach_no_other_partition",
        "split-never-given-up",
        forgetting("publish_pages", QUIET_DEVICES),
    ),
    Mutant(
        "split-without-frames",
        "A machine is split that has not so many frames free.",
        "partition_not_overcommitted",
        "split-refused",
        forgetting("split_machine", "so many frames are free"),
    ),
    # ----------------------------------------------------------------------------------------------------------- L5, S5, S7
    Mutant(
        "hung-taken-for-ended",
        "A hypervisor that hangs is taken for one that has ended.",
        "hung_for_good",
        "split-never-given-up",
        forgetting("observe_end", "the old hypervisor of a split machine has ended"),
    ),
    Mutant(
        "alarm-before-time",
        "The alarm is raised while the old hypervisor still has time to end.",
        "no_false_alarm",
        "split-never-given-up",
        forgetting("raise_alarm", "the timer has expired"),
    ),
    Mutant(
        "processor-left-behind",
        "The machine is one partition again while a processor is in nobody's account.",
        "done_in_one_partition",
        "split-never-given-up",
        forgetting("join_new", "the new hypervisor has every processor"),
    ),
    Mutant(
        "stopped-on-one-partition",
        "The host VM is stopped to cross on a machine that has no other partition.",
        "stopped_only_between_partitions",
        "arrives-before-the-split",
        forgetting("cross", "the new hypervisor runs"),
    ),
    # ------------------------------------------------------------------------------------------------------------ in the end
    Mutant(
        "alarm-only-once-ended",
        "The alarm waits for the end that it is to say does not come.",
        "alarm_is_raised",
        "split-goes-on",
        also_requiring("raise_alarm", _has_ended, "the old hypervisor has ended"),
    ),
    Mutant(
        "arrives-with-every-processor",
        "The host VM runs on the new hypervisor only once that has every processor, of which the old one keeps one.",
        "crossing_ends",
        "split-goes-on",
        also_requiring("arrive", _has_every_processor, "the new hypervisor has every processor"),
    ),
    Mutant(
        "waits-to-be-observed",
        "The old hypervisor ends only once its end was observed.",
        "split_ends",
        "split-goes-on",
        also_requiring("terminate_old", _was_observed, "the end of the old hypervisor was observed"),
    ),
    Mutant(
        "turned-back-and-not",
        "The exchange is given up, and nobody remembers that it was.",
        "split_can_be_undone",
        "split-given-up",
        not_writing("turn_back", Split.homeward),
    ),
    Mutant(
        "alarm-stops-the-claim",
        "Once an alarm was raised the last memory is never claimed, though the old hypervisor ends after all.",
        "split_can_be_done",
        "split-given-up",
        also_requiring("claim_last", _quiet, "no alarm was raised"),
    ),
)
