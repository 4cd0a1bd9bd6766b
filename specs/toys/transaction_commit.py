"""Transaction commit (`TCommit.tla`, Gray and Lamport): what two-phase commit has to achieve, without messages."""

from enum import Enum

from ...model.language import Actor, Entity, Role, Truth, action, all_of, always, require, sometimes, varying

RM = Actor("manager", Role.ENVIRONMENT)
RmState = Enum("RmState", "WORKING PREPARED COMMITTED ABORTED")


class Manager(Entity):
    """A resource manager."""

    state = varying(RmState, start=RmState.WORKING)


@action(RM)
def prepare(rm: Manager) -> None:
    """A manager prepares."""
    require(rm.state == RmState.WORKING, "the manager is working")
    rm.state = RmState.PREPARED


@action(RM)
def decide_to_commit(rm: Manager) -> None:
    """The first half of the published `Decide`."""
    require(rm.state == RmState.PREPARED, "the manager is prepared")
    can_commit = all_of(other.state.one_of(RmState.PREPARED, RmState.COMMITTED) for other in Manager)
    require(can_commit, "every manager is prepared or has committed")
    rm.state = RmState.COMMITTED


@action(RM)
def decide_to_abort(rm: Manager) -> None:
    """The second half of the published `Decide`."""
    require(rm.state.one_of(RmState.WORKING, RmState.PREPARED), "the manager has not decided")
    require(all_of(other.state != RmState.COMMITTED for other in Manager), "no manager has committed")
    rm.state = RmState.ABORTED


@always()
def tc_consistent() -> Truth:
    """No manager has committed while another has aborted."""
    return all_of((a.state != RmState.ABORTED) | (b.state != RmState.COMMITTED) for a in Manager for b in Manager)


@sometimes()
def commit_agreement() -> Truth:
    """All managers have committed."""
    return all_of(rm.state == RmState.COMMITTED for rm in Manager)
