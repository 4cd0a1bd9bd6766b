"""Controllers with one mechanism taken out: each must fail the crash suite, in the world and by the faults that it names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

from holdfast.impl.driver import Effect, Stage
from holdfast.impl.gate import Occupancy
from holdfast.impl.journal import Journal, Kind
from holdfast.impl.plan import Plan
from holdfast.impl.safeguards import Safeguards
from tests.impl.crashes import Mechanism
from tests.impl.worlds import GIVEN, HASTY, ONE, RECLAIMED, TIGHT, TWO, Case

INTACT = Safeguards()


class Forgetful(Journal):
    """Entries of one kind are not written; whoever writes does not notice."""

    kind: ClassVar[Kind]

    def append(self, kind: Kind, body: dict[str, Any], about: int | None = None) -> int:
        """Write, but for that kind."""
        return -1 if kind is self.kind else super().append(kind, body, about)

    def append_all(self, kind: Kind, bodies: Iterable[dict[str, Any]]) -> None:
        """Write, but for that kind."""
        if kind is not self.kind:
            super().append_all(kind, bodies)


def forgetting(kind: Kind) -> Mechanism:
    """A controller whose journal lacks these entries."""
    return Mechanism(INTACT, type(f"Forgets{kind.value}", (Forgetful,), {"kind": kind}))


class Late(Journal):
    """Intents are written together with their outcomes, rather than before the effect."""

    _held: dict[str, Any] | None = None

    def append(self, kind: Kind, body: dict[str, Any], about: int | None = None) -> int:
        """Hold an intent back until something else is written."""
        if kind is Kind.INTENT:
            self._held = body
            return -1
        if self._held is not None:
            held, self._held = self._held, None
            about = super().append(Kind.INTENT, held)
        return super().append(kind, body, about)


def agree_whatever(_: str | None, __: str | None) -> bool:
    """Any map is right."""
    return True


def agree_with_the_unseen(sealed: str | None, read: str | None) -> bool:
    """Where nobody saw the seal, any map is right."""
    return sealed in (None, read)


def room_for_all(_: Plan, __: Effect, ___: Occupancy) -> str:
    """Nothing is ever missing."""
    return ""


def give_at_once(_: Effect, __: bool) -> bool:
    """Nothing waits."""
    return False


def nothing_differs(_: object, __: object, ___: Effect | None) -> tuple[str, ...]:
    """All is as it was."""
    return ()


@dataclass(frozen=True)
class Mutant:
    """What is taken out, and where that shows: a world, and the faults that strike it (none: crashes alone do)."""

    name: str
    sentence: str
    mechanism: Mechanism
    case: Case
    faults: tuple[str, ...] = ()


MUTANTS = (
    Mutant("intents_not_written", "Nobody knows what was under way.", forgetting(Kind.INTENT), ONE),
    Mutant("intents_written_late", "An intent is written after its effect.", Mechanism(INTACT, Late), ONE),
    Mutant("outcomes_not_written", "Nobody knows what came of an intent.", forgetting(Kind.OUTCOME), ONE),
    Mutant("steps_not_written", "Nobody knows which steps are done.", forgetting(Kind.STEP), ONE),
    Mutant("beginning_not_written", "Nobody knows how the world was at first.", forgetting(Kind.INITIAL), ONE),
    Mutant("direction_not_written", "A crashed roll-back goes forward again.", forgetting(Kind.DIRECTION), ONE),
    Mutant("end_not_written", "A run that is over can be rolled back.", forgetting(Kind.ENDED), ONE),
    Mutant(
        "what_was_seen_not_written",
        "Faults that were seen between effects are not in the journal.",
        forgetting(Kind.SEEN),
        TWO,
        ("migration_aborted",),
    ),
    Mutant(
        "no_fence",
        "The receiver runs although its source could go on.",
        Mechanism(Safeguards(finish_migration=lambda _: "activate")),
        ONE,
        ("source_continued",),
    ),
    Mutant(
        "cancelled_after_fence",
        "Rolling back ends the receiver whose source is gone.",
        Mechanism(Safeguards(give_migration_up=lambda _: "cancel")),
        ONE,
    ),
    Mutant(
        "digest_not_compared",
        "The host VM is resumed from whatever map was read.",
        Mechanism(Safeguards(digests_agree=agree_whatever)),
        ONE,
        ("map_corrupted",),
    ),
    Mutant(
        "unseen_digest_trusted",
        "A map that nobody saw being sealed is taken for right.",
        Mechanism(Safeguards(seal_seen=lambda _: True, digests_agree=agree_with_the_unseen)),
        ONE,
        ("map_corrupted",),
    ),
    Mutant("gate_open", "Nobody asks for room.", Mechanism(Safeguards(short_of=room_for_all)), TIGHT),
    Mutant(
        "vm_left_behind",
        "Nobody asks whether every VM is in the host VM.",
        Mechanism(Safeguards(left_behind=lambda _, __: "")),
        HASTY,
    ),
    Mutant(
        "balloon_not_awaited",
        "Targets are set, and memory is counted on before it is there.",
        Mechanism(Safeguards(still_to_move=lambda _: "")),
        RECLAIMED,
    ),
    Mutant(
        "given_before_taken",
        "Memory is given before it was taken.",
        Mechanism(Safeguards(gives_later=give_at_once)),
        GIVEN,
    ),
    Mutant(
        "vms_not_looked_at",
        "A VM that is not as the journal has it is taken as it is.",
        Mechanism(Safeguards(vm_deviation=nothing_differs)),
        ONE,
        ("source_continued",),
    ),
    Mutant(
        "machine_not_looked_at",
        "A machine that is not as the journal has it is taken as it is.",
        Mechanism(Safeguards(machine_deviation=nothing_differs)),
        ONE,
        ("host_vm_killed",),
    ),
    Mutant(
        "fence_before_the_copy_is_complete",
        "The source is to be ended while pages are missing at the other end.",
        Mechanism(Safeguards(give_migration_up=lambda vm: "fence" if vm.stage is Stage.STOPPED else "cancel")),
        ONE,
    ),
)
"""Every one of them."""
