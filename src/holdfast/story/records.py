"""Stories as JSON values: everything that the terminal shows, with exact numbers of pages."""

from __future__ import annotations

from typing import Any

from ..checkers.plans.product import NEVER_STUCK
from .reasons import Broken
from .telling import Story, Told

Json = dict[str, Any]


def story_record(story: Story, name: str | None) -> Json:
    """The steps of a trace and, where it breaks a property (of that name), why its last state does."""
    steps = [_told(t) for t in story.told]
    if name is None:
        return {"steps": steps}
    why: Json = {"broken": _broken(story.broken(name))}
    if name == NEVER_STUCK:
        why["waiting"] = [
            {"step": w.step, "begun": w.begun, "refused": [_broken(r) for r in w.refused]} for w in story.waiting()
        ]
    return {"steps": steps, "why": why}


def _told(told: Told) -> Json:
    event = told.event
    meters = [{"of": m.name, "before": m.before, "after": m.after, "limit": m.limit} for m in told.meters]
    return {
        "step": event.number,
        "actor": event.actor,
        "action": event.action,
        "arguments": event.arguments,
        "text": told.text,
        "changed": {key: list(pair) for key, pair in event.changed.items()},
        "memory_pages": meters,
    }


def _broken(broken: Broken) -> Json:
    shortages = [
        {
            "about": s.about,
            "held": s.held,
            "limit": s.limit,
            "short": s.short,
            "unit": s.unit.name,
            "largest": [{"name": name, "amount": held} for name, held in s.contributors],
        }
        for s in broken.shortages
    ]
    return {"sentence": broken.sentence, "members": list(broken.members), "shortages": shortages}
