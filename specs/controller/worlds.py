"""Worlds in which the controller crashes."""

from __future__ import annotations

from ...model.controller import Controller
from ..case import Case
from ..forward_worlds import FORWARD
from ..questions import NOT_RECLAIMED, ONCE, STILL, active, case, host, on_one

CRASHES = case(
    "controller-crashes",
    "The whole exchange with every fault and two crashes of the controller, wherever they strike, and every way back.",
    [*on_one(host(5, 2), active("vm", 1), **ONCE, controller_crashed=2), Controller("controller")],
    bounded={
        "1 VM of 1 page": "control is all that is asked about",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "each fault once": "the controller may be gone when it strikes",
        "two crashes": "one while it recovers from the other",
    },
    leave_out=STILL,
    unseen=NOT_RECLAIMED,
    parts=("controller",),
)
FORWARD_ONLY = case(
    "controller-goes-on",
    "The whole exchange with every fault and two crashes of the controller, which gives nothing up.",
    [*on_one(host(5, 2), active("vm", 1), **ONCE, controller_crashed=2), Controller("controller")],
    bounded={
        "1 VM of 1 page": "the guest can write to it again and again",
        "5 frames": "old, new and guest hypervisor, host VM and VM: not one more",
        "each fault once": "after the last fault everything must still end",
        "two crashes": "one while it recovers from the other",
    },
    leave_out={**STILL, **FORWARD},
    unseen=NOT_RECLAIMED,
    parts=("controller",),
)

CASES = tuple(found for found in tuple(globals().values()) if isinstance(found, Case))
"""In the order of the text."""
