"""An exchange of a machine's hypervisor with nobody on it, as a Python class: what the how-to calls the reader's own."""

from __future__ import annotations

from collections.abc import Mapping

State = Mapping[str, str | int]

NEEDS: Mapping[str, tuple[State, State]] = {
    "create_host_vm": ({"inner": "gone", "old": "up"}, {"inner": "up", "on": "old"}),
    "destroy_host_vm": ({"inner": "up"}, {"inner": "gone"}),
    "suspend": ({"inner": "up", "on": "old"}, {"inner": "asleep"}),
    "build_map": ({"inner": "asleep", "map": "no"}, {"map": "built"}),
    "seal_map": ({"map": "built"}, {"map": "sealed"}),
    "launch_new": ({"map": "sealed", "new": "gone"}, {"new": "booting"}),
    "finish_boot": ({"new": "booting"}, {"new": "up"}),
    "boot_failed": ({"new": "booting", "fails": 1}, {"new": "gone", "fails": 0}),
    "pass_map": ({"map": "sealed", "new": "up"}, {"map": "passed"}),
    "validate_map": ({"map": "passed"}, {"map": "valid"}),
    "format_unreadable": ({"map": "passed", "unreadable": 1}, {"map": "no", "new": "gone", "unreadable": 0}),
    "tear_down_old": ({"old": "up", "map": "valid"}, {"old": "gone", "on": "new"}),
    "resume": ({"inner": "asleep", "on": "new"}, {"inner": "up", "map": "no"}),
    "roll_back": ({"inner": "asleep", "on": "old"}, {"inner": "up", "map": "no", "new": "gone"}),
}


class Exchange:
    """Does what it may."""

    def __init__(self) -> None:
        self.now: dict[str, str | int] = {"old": "up", "new": "gone", "inner": "gone", "on": "old", "map": "no"}
        self.now |= {"fails": 1, "unreadable": 1}

    def would(self, action: str) -> bool:
        needs, makes = NEEDS[action]
        if any(self.now[key] != value for key, value in needs.items()):
            return False
        self.now |= makes
        return True
