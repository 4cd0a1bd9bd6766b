"""Every property of decisions, on random snapshots."""

from __future__ import annotations

from hypothesis import given, settings

from holdfast.impl.scheduler.snapshot import Snapshot

from .judge import broken
from .snapshots import snapshots


@settings(max_examples=400)
@given(snapshots())
def test_every_decision_has_every_property(snapshot: Snapshot) -> None:
    assert broken(snapshot) == []
