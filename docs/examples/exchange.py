"""An adapter of a few lines, in Python: a host's exchange of its hypervisor, with nobody on it (world empty-machine).

It speaks JSON Lines, and imports nothing of Holdfast:  holdfast conform --adapter "python docs/examples/exchange.py" ...
"""

import json
import sys

NEEDS = {  # action: what must be so, and what it makes so
    "create_host_vm": ({"inner": "gone", "old": "up"}, {"inner": "up", "on": "old"}),
    "destroy_host_vm": ({"inner": "up"}, {"inner": "gone"}),
    "suspend": ({"inner": "up", "on": "old"}, {"inner": "asleep"}),
    "build_map": ({"inner": "asleep", "map": "NONE"}, {"map": "BUILT"}),
    "seal_map": ({"map": "BUILT"}, {"map": "SEALED"}),
    "launch_new": ({"map": "SEALED", "new": "gone"}, {"new": "booting"}),
    "finish_boot": ({"new": "booting"}, {"new": "up"}),
    "boot_failed": ({"new": "booting"}, {"new": "gone"}),
    "pass_map": ({"map": "SEALED", "new": "up"}, {"map": "PASSED"}),
    "validate_map": ({"map": "PASSED"}, {"map": "VALIDATED"}),
    "format_unreadable": ({"map": "PASSED"}, {"map": "NONE", "new": "gone"}),
    "tear_down_old": ({"old": "up", "map": "VALIDATED"}, {"old": "gone", "on": "new"}),
    "resume": ({"inner": "asleep", "on": "new"}, {"inner": "up", "map": "NONE"}),
    "roll_back": ({"inner": "asleep", "on": "old"}, {"inner": "up", "map": "NONE", "new": "gone"}),
}
FAULTS = {"boot_failed", "format_unreadable"}  # each strikes once

now = {}
for line in sys.stdin:
    asked = json.loads(line)
    answer = {"id": asked["id"], "answer": "bye"}
    if asked["request"] == "hello":
        answer |= {"answer": "hello", "holdfast": 1, "name": "exchange.py"}
    elif asked["request"] == "reset":
        now = {"old": "up", "new": "gone", "inner": "gone", "on": "old", "map": "NONE", **dict.fromkeys(FAULTS, 1)}
        answer["answer"] = "ready"
    elif asked["request"] == "observe":
        answer |= {"answer": "state", "after": {"host.map": now["map"]}}
    elif asked["request"] == "attempt":
        action = asked["action"]
        needs, makes = NEEDS[action]
        may = all(now[key] == value for key, value in needs.items()) and now.get(action) != 0
        answer["answer"] = "done" if may else "refused"
        now |= ({**makes, action: 0} if action in FAULTS else makes) if may else {}
    print(json.dumps(answer), flush=True)
