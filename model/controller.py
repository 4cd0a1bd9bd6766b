"""The controller that takes the operator's steps, and may crash between any two of them.

What it set going goes on without it: hypervisors copy, commit and boot, guests write, faults strike. Only the plan waits.
Where a world has a controller, every step of an operator asks for one that runs (specs/model.py).
"""

from __future__ import annotations

from .actors import FAULT, OPERATOR
from .language import Entity, action, require, varying
from .tolerance import Tolerated


class Controller(Entity):
    """What carries the plan out, on a machine that is not exchanged. One per world."""

    running = varying(bool, start=True)


@action(by=FAULT)
def controller_crashed(controller: Controller, tolerated: Tolerated) -> None:
    """The controller ends between two effects."""
    require(tolerated.controller_crashed > 0, "one more crash of the controller is tolerated")
    require(controller.running, "the controller runs")
    tolerated.controller_crashed -= 1
    controller.running = False


@action(by=OPERATOR)
def restart_controller(controller: Controller) -> None:
    """The controller runs again, and goes on from what its journal and the machines tell it (A23)."""
    require(~controller.running, "the controller has ended")
    controller.running = True
