"""A controller, broken on purpose: steps that nobody takes, and one that never comes back."""

from __future__ import annotations

from ...model.controller import Controller
from ..mutant import Mutant
from ..mutations import forgetting, not_writing

RUNS = "the controller runs"

MUTANTS = (
    Mutant(
        "suspended-by-nobody",
        "The host VM is suspended though there is no controller that could do so, or go on from there.",
        "nothing_begins_without_controller",
        "controller-crashes",
        forgetting("suspend", RUNS),
    ),
    Mutant(
        "launched-by-nobody",
        "The new hypervisor is launched though there is no controller.",
        "hypervisors_stay_without_controller",
        "controller-crashes",
        forgetting("launch_new", RUNS),
    ),
    Mutant(
        "never-restarted",
        "The controller is restarted, and does not run: what it left is never gone on with.",
        "suspended_resumes",
        "controller-goes-on",
        not_writing("restart_controller", Controller.running),
    ),
)
