"""Proofs for any number of members: what is proved, what is not, and the state that says why."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from holdfast.checkers.interpret import OutOfRange, Run
from holdfast.checkers.smt.obligations import Obligation, Proof, Prover, Status, prove, uncovered
from holdfast.checkers.smt.scopes import Blocking
from holdfast.checkers.verdict import Holds, Unknown
from holdfast.model.language import FALSE, Kind, Requirement, System, Truth, World, all_of, initially, total
from holdfast.specs import yardstick
from tests.plain_search import search

from . import accounts, two_machines

FRAME = "the machine has a free frame"


@initially
def fits_at_first() -> Truth:
    """The VMs fit in their machines at first."""
    return all_of(total(vm.size for vm in yardstick.Vm.where(machine=m)) <= m.capacity for m in yardstick.Machine)


def exchange() -> System:
    """Exchange-N of any N, S and C, with VMs that fit at first."""
    bare, _ = yardstick.exchange(1, 1, 1)
    known = tuple(p for p in bare.properties if p.kind not in (Kind.ASSUME, Kind.INITIALLY))
    return replace(bare, properties=(*known, fits_at_first))


@cache
def proof_of_exchange() -> Proof:
    return prove(exchange())


def about(system: System, action: str) -> list[Obligation]:
    return list(Prover(system, system.of_kind(Kind.ALWAYS, Kind.STEP), 20.0).about(system.action(action)))


def fates(proof: Proof) -> dict[str, Status]:
    return {o.name: o.status for o in proof.open}


def shown(o: Obligation) -> Blocking:
    assert o.blocking is not None, f"{o.name} has no blocking state"
    return o.blocking


# --------------------------------------------------------------------------------------------------- exchange-N
def test_exchange_n_is_proved_for_any_number_of_vms_any_size_and_any_capacity() -> None:
    system, proof = exchange(), proof_of_exchange()
    assert fates(proof) == {}
    for p in ("within_capacity", "consolidated_before_exchange"):
        assert proof.named(f"initially {p}").status is Status.PROVED
        assert all(proof.named(f"{a.name} keeps {p}").status is Status.PROVED for a in system.actions)
    assert all(proof.named(f"{a.name} can happen").blocking for a in system.actions), "no proof is empty"
    verdict = proof.verdict()
    assert isinstance(verdict, Holds)
    assert "The VMs fit in their machines at first." in verdict.assumptions


def test_a_copy_step_that_takes_a_frame_unasked_fails_one_named_obligation_with_the_smallest_state() -> None:
    proof = prove(exchange().without("copy_in", FRAME))
    assert fates(proof) == {"copy_in keeps within_capacity": Status.FAILED}
    state = shown(proof.named("copy_in keeps within_capacity"))
    assert state.before["machine0.capacity"] == 1
    assert state.before["vm0.stage"] == "COPYING_IN"
    assert [name for name in state.before if name.endswith(".size")] == ["vm0.size"], "one VM is enough"
    assert state.changed == {"vm0.copied": (0, 1)}
    assert list(state.lines())[1:] == ["with vm = vm0", "then vm0.copied: 0 → 1"]
    assert isinstance(proof.verdict(), Unknown)
    assert not proof.inductive


def test_without_the_assumption_the_initial_state_is_what_fails() -> None:
    bare = replace(exchange(), properties=tuple(p for p in exchange().properties if p is not fits_at_first))
    proof = prove(bare)
    assert fates(proof) == {"initially within_capacity": Status.FAILED}
    assert proof.inductive
    assert not proof.proved
    state = shown(proof.named("initially within_capacity")).before
    assert state["vm0.size"] == state["vm0.active"] == state["machine0.capacity"] + 1


def test_what_is_not_proved_is_not_assumed() -> None:
    """Alone, the capacity cannot be kept: nothing says that no more is copied than is resident."""
    system = exchange()
    proof = prove(system, [system.property("within_capacity")])
    assert proof.properties == ("within_capacity",)
    assert "finish_in keeps within_capacity" not in fates(proof)
    assert "touch assigns within range" in fates(proof)


def test_an_action_that_can_never_happen_is_told_apart_from_one_that_is_safe() -> None:
    system = exchange()
    copy = system.action("copy_in")
    never = replace(copy, requires=(*copy.requires, Requirement(FALSE, "never")))
    found = about(system.with_action(never), "copy_in")
    assert {o.name: o.status for o in found if o.status is not Status.PROVED} == {"copy_in can happen": Status.FAILED}
    assert "empty" in found[0].why


def test_properties_that_an_action_does_not_touch_cost_nothing() -> None:
    untouched = proof_of_exchange().named("kill_old keeps pages_conserved")
    assert (untouched.status, untouched.seconds) == (Status.PROVED, 0.0)


# --------------------------------------------------------------------------------------------------- two machines
def test_two_levels_of_memory_with_vms_that_move_are_proved_for_any_number_of_machines() -> None:
    proof = prove(two_machines.SYSTEM)
    assert fates(proof) == {}
    assert proof.named("move keeps within_capacity").status is Status.PROVED
    assert any(o.lemma and o.action == "move" and o.status is Status.PROVED for o in proof.obligations)


@pytest.mark.parametrize(
    ("action", "sentence", "broken"),
    [
        ("move", "the other machine has room for the whole VM", ["within_capacity"]),
        ("move", "the VM runs on the old hypervisor", ["within_capacity", "within_carrier"]),
        ("copy_in", "the carrier has a free frame", ["within_carrier"]),
        ("suspend", "every VM is inside the carrier", ["suspended_means_nested"]),
        ("create_carrier", "there is room for the guest hypervisor", ["within_capacity"]),
        ("build_map", "the carrier is suspended", ["map_only_while_suspended"]),
    ],
)
def test_mutants_of_the_two_machine_model_fail_where_they_should(action: str, sentence: str, broken: list[str]) -> None:
    found = about(two_machines.SYSTEM.without(action, sentence), action)
    assert [o.property for o in found if o.status is not Status.PROVED] == broken
    assert all(shown(o).changed for o in found if o.status is Status.FAILED)


def test_without_carriers_of_their_own_machines_are_not_proved() -> None:
    kept = tuple(p for p in two_machines.SYSTEM.properties if p.name != "own_carrier")
    failed = [o for o in about(replace(two_machines.SYSTEM, properties=kept), "suspend") if o.status is Status.FAILED]
    assert [o.name for o in failed] == ["suspend keeps suspended_means_nested"]
    machines = {name for name in shown(failed[0]).before if name.endswith(".carrier")}
    assert machines == {"machine0.carrier", "machine1.carrier"}


# --------------------------------------------------------------------------------------------------- accounts
def test_symbolic_amounts_and_products_with_a_constant_are_proved() -> None:
    proof = prove(accounts.SYSTEM)
    assert fates(proof) == {}
    assert proof.named("lend keeps carried").status is Status.PROVED
    assert proof.named("transfer keeps frozen_keeps").status is Status.PROVED


@pytest.mark.parametrize(
    ("action", "sentence", "obligations"),
    [
        ("transfer", "the giver has so much", {"transfer assigns within range"}),
        ("transfer", "the taker may hold so much", {"transfer assigns within range"}),
        ("transfer", "the giver's account is open", {"transfer keeps frozen_keeps"}),
        ("deposit", "the bank's reserve covers it", {"deposit keeps covered"}),
        ("deposit", "the account may hold so much", {"deposit assigns within range"}),
        ("lend", "the bank may lend so much", {"lend assigns within range"}),
        ("lend", "the reserve carries it", {"lend keeps carried"}),
    ],
)
def test_every_requirement_of_the_accounts_is_needed(action: str, sentence: str, obligations: set[str]) -> None:
    proof = prove(accounts.SYSTEM.without(action, sentence))
    assert {o.name for o in proof.open} == obligations
    assert all(o.status is Status.FAILED and o.blocking for o in proof.open)


# --------------------------------------------------------------------------------------------------- small worlds
SMALL_ACCOUNTS = [accounts.world(*shape) for shape in ((2, 2, (2, 1)), (2, 2, (1,)), (1, 0, ()))]
SMALL_EXCHANGES = [yardstick.exchange(*shape)[1] for shape in ((1, 1, 2), (2, 1, 3))]
SMALL_MACHINES = [two_machines.world((0,), size=1, capacity=3)]


def clean(system: System, worlds: list[World]) -> bool:
    """Nothing goes wrong in the small worlds that a proof would speak of."""
    safety = system.of_kind(Kind.ALWAYS, Kind.STEP)
    for world in worlds:
        run = Run(system, world)
        if not list(uncovered(run, safety)):
            found = search(run)
            if found.first_out_of_range is not None or any(p.name in found.soonest for p in safety):
                return False
    return True


def unharmed(system: System, worlds: list[World]) -> set[tuple[str, str]]:
    """The requirements that the proof does not need; without any of them, nothing goes wrong in small worlds either.

    Only the obligations of the changed action are proved again: the others do not know of it.
    """
    found: set[tuple[str, str]] = set()
    for a in system.actions:
        for r in a.requires:
            mutant = system.without(a.name, r.sentence)
            if all(o.status is Status.PROVED for o in about(mutant, a.name)):
                assert clean(mutant, worlds), f"{a.name} without {r.sentence!r} is proved, and false in a small world"
                found.add((a.name, r.sentence))
    return found


def test_what_is_proved_goes_wrong_in_no_small_world() -> None:
    assert clean(accounts.SYSTEM, SMALL_ACCOUNTS)
    assert clean(exchange(), SMALL_EXCHANGES)


def test_every_requirement_of_the_accounts_that_is_left_out_is_missed_if_it_should_be() -> None:
    assert unharmed(accounts.SYSTEM, SMALL_ACCOUNTS) == {("freeze", "nothing is left in it")}


@pytest.mark.slow
def test_every_requirement_of_exchange_n_that_is_left_out_is_missed_if_it_should_be() -> None:
    kept = unharmed(exchange(), SMALL_EXCHANGES)
    assert ("copy_in", FRAME) not in kept
    assert ("touch", "the VM runs") in kept


@pytest.mark.slow
def test_every_requirement_of_the_two_machine_model_that_is_left_out_is_missed_if_it_should_be() -> None:
    kept = unharmed(two_machines.SYSTEM, SMALL_MACHINES)
    assert ("move", "the other machine has room for the whole VM") not in kept
    assert ("move", "the VM is elsewhere") in kept


def test_a_world_that_a_proof_does_not_speak_of_is_told() -> None:
    system = exchange()
    assert list(uncovered(Run(system, yardstick.exchange(2, 2, 4)[1]))) == []
    host = yardstick.Machine("host", capacity=4, hypervisor=yardstick.Hypervisor.NONE)
    odd = World("odd", host, yardstick.Vm("vm", machine=host, size=1))
    assert list(uncovered(Run(system, odd))) == [
        "not so in an initial state: While no hypervisor runs, the host VM is suspended with every VM inside it."
    ]


def test_every_state_shown_is_one_that_the_interpreter_agrees_with() -> None:
    """The state of the typing obligation, stepped through by hand."""
    system = accounts.SYSTEM.without("transfer", "the giver has so much")
    state = shown(prove(system).named("transfer assigns within range"))
    run = Run(system, state.world)
    labels = [a.label for a in run.world.of(accounts.Account)]
    giver, taker = (labels.index(state.arguments[name]) for name in ("giver", "taker"))
    with pytest.raises(OutOfRange):
        run.effect(run.initial()[0], system.action("transfer"), (giver, taker, state.arguments["amount"]))
