"""Which steps are due: those whose predecessors are done. Linear in the steps and in what they wait for."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .belief import Belief
from .plan import Step


class Course:
    """A plan's steps on their way. `active` are due, in the order in which they became so."""

    def __init__(self, steps: Iterable[Step], done: Collection[str]) -> None:
        """Start where these steps are done."""
        self._steps = {step.name: step for step in steps}
        self._waits: dict[str, int] = {}
        self._after: dict[str, list[str]] = {}
        self.active: dict[str, Step] = {}
        for step in self._steps.values():
            if step.name not in done:
                self._enter(step, done)

    def _enter(self, step: Step, done: Collection[str]) -> None:
        waits = [name for name in step.after if name not in done]
        self._waits[step.name] = len(waits)
        for name in waits:
            self._after.setdefault(name, []).append(step.name)
        if not waits:
            self.active[step.name] = step

    def finish(self, step: Step) -> None:
        """The step is done; what waited only for it becomes due."""
        del self.active[step.name]
        for name in self._after.pop(step.name, ()):
            self._waits[name] -= 1
            if not self._waits[name]:
                self.active[name] = self._steps[name]


def steps_back(belief: Belief) -> tuple[Step, ...]:
    """Rolling back, as steps: the host VM goes on, nothing stays in flight, all VMs return, one at a time, and so does
    the memory that was reclaimed; it is given once everything that was taken for the exchange is back."""
    steps = [Step("back: roll_back", "roll_back")]
    names = [vm.name for vm in belief.plan.vms]
    settling = [Step(f"back: settle {name}", "settle", name, ("back: roll_back",)) for name in names]
    steps += settling
    after = tuple(step.name for step in settling) or ("back: roll_back",)
    for name in names:
        steps.append(Step(f"back: withdraw {name}", "withdraw", name, after))
        after = (steps[-1].name,)
    steps.append(Step("back: destroy_host_vm", "destroy_host_vm", None, after))
    for name, (balloon_pages, swap_pages) in belief.initial_targets.items():
        back = ("back: destroy_host_vm",)
        steps.append(Step(f"back: reclaim {name}", "reclaim", name, back, balloon_pages, swap_pages))
    return tuple(steps)
