"""Why a run stops. Whatever stops it, nothing more is changed, and the journal says how far it came."""

from __future__ import annotations


class Stopped(Exception):
    """The run cannot go on by itself; the message says why, and what can be done."""


class Contradiction(Stopped):
    """The world is not as the journal says, and no fault that is known explains the difference."""


class OutOfOrder(Stopped):
    """What is due would leave a VM behind (S4), or a map that nobody can read (S18), or delete an image on which the host VM
    rests (S16): no proof allows such a plan."""


class NoRoom(Stopped):
    """The next effect would take the machine, or the host VM, above what it has or may promise."""


class NeverAtRest(Stopped):
    """What is left to send of a VM does not come within its budget for downtime (L6): its guest writes as fast as pages are
    sent. The run can be rolled back, or resumed when the guest has less to do."""


class TooManyFaults(Stopped):
    """A fault struck once more than the plan tolerates."""

    def __init__(self, fault: str, subject: str, struck: int, tolerated: int) -> None:
        """`struck` counts this fault and those that are tolerated together with it."""
        self.fault = fault
        super().__init__(f"{fault} struck {subject}: {struck} such faults so far, and the plan tolerates {tolerated}")


class EffectRefused(Stopped):
    """The driver refused an effect that should have been possible, and no fault explains it."""


class VmLost(Stopped):
    """A VM is lost: what held its only complete copy is gone."""


class OldHangs(Stopped):
    """The old hypervisor of a split machine hangs: the alarm was raised (L5), and what it has cannot be claimed."""


class PastNoReturn(Stopped):
    """The old hypervisor is gone, or has no room to take back what was remapped: the run can only be resumed."""


class Ended(Stopped):
    """The journal says that the run has ended: there is nothing to resume, and nothing to roll back."""


class UnusableJournal(Exception):
    """The journal cannot be used: of another plan, cut short, damaged, held by another process, or not one at all."""


class UnusablePlan(Exception):
    """The plan does not make sense by itself: unknown verbs or VMs, an order with a cycle."""
