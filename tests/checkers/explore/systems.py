"""Systems made for one test, without modules of their own."""

from __future__ import annotations

from typing import Any

from holdfast.model.language import (
    Action,
    Actor,
    Instance,
    Parameter,
    Property,
    Requirement,
    Role,
    Sort,
    System,
    Term,
    World,
    Write,
)
from holdfast.model.language.terms import TRUE

ANYONE = Actor("anyone", Role.ENVIRONMENT)


def of(world: World) -> Instance:
    """The instance in which every field of the world's members can change: each is written by an action."""
    sorts = tuple(dict.fromkeys(type(m) for m in world.members))
    actions: list[Action] = []
    for sort in sorts:
        for f in sort.fields:
            ref = Term("var", ("one", 0), sort)
            actions.append(_touch(f, ref))
    return Instance(System(sorts, tuple(actions), ()), world)


def _touch(f: Any, ref: Term) -> Action:
    same = Write(f, ref, Term("read", (f, ref), f.sort))
    name = f"touch_{f.owner.__name__}_{f.name}"
    return Action(name, ANYONE, (Parameter(ref),), (Requirement(TRUE, "always"),), (same,))


def system(*parts: Any) -> System:
    """The system of these sorts, actions and properties."""
    sorts = tuple(p for p in parts if isinstance(p, Sort))
    actions = tuple(p for p in parts if isinstance(p, Action))
    return System(sorts, actions, tuple(p for p in parts if isinstance(p, Property)))
