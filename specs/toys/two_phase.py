"""Two-phase commit (Gray and Lamport): managers prepare; a coordinator commits once it has heard from all, or aborts.

The set of messages of `TwoPhase.tla` only grows: it is one truth for every message that can be in it.
"""

from enum import Enum

from ...model.language import Actor, Entity, Role, Truth, action, all_of, always, require, sometimes, varying

RM, TM = Actor("manager", Role.ENVIRONMENT), Actor("coordinator", Role.ENVIRONMENT)
RmState = Enum("RmState", "WORKING PREPARED COMMITTED ABORTED")
TmState = Enum("TmState", "INIT COMMITTED ABORTED")
OPEN, WORKING = "the coordinator has not decided", "the manager is working"


class Manager(Entity):
    """A resource manager, its message Prepared, and whether the coordinator has read it."""

    state = varying(RmState, start=RmState.WORKING)
    prepared_sent, prepared_read = varying(bool), varying(bool)


class Coordinator(Entity):
    """The transaction manager, and its messages Commit and Abort to all."""

    state = varying(TmState, start=TmState.INIT)
    commit_sent, abort_sent = varying(bool), varying(bool)


@action(TM)
def tm_rcv_prepared(tm: Coordinator, rm: Manager) -> None:
    """The coordinator reads a message; reading it again changes nothing."""
    require(tm.state == TmState.INIT, OPEN)
    require(rm.prepared_sent, "the manager has sent Prepared")
    rm.prepared_read = True


@action(TM)
def tm_commit(tm: Coordinator) -> None:
    """The coordinator commits."""
    require(tm.state == TmState.INIT, OPEN)
    require(all_of(rm.prepared_read for rm in Manager), "every manager is known to be prepared")
    tm.state, tm.commit_sent = TmState.COMMITTED, True


@action(TM)
def tm_abort(tm: Coordinator) -> None:
    """The coordinator aborts, whenever it likes."""
    require(tm.state == TmState.INIT, OPEN)
    tm.state, tm.abort_sent = TmState.ABORTED, True


@action(RM)
def rm_prepare(rm: Manager) -> None:
    """A manager prepares, and says so."""
    require(rm.state == RmState.WORKING, WORKING)
    rm.state, rm.prepared_sent = RmState.PREPARED, True


@action(RM)
def rm_choose_to_abort(rm: Manager) -> None:
    """A manager aborts by itself, and tells nobody."""
    require(rm.state == RmState.WORKING, WORKING)
    rm.state = RmState.ABORTED


@action(RM)
def rm_rcv_commit_msg(tm: Coordinator, rm: Manager) -> None:
    """A manager is told to commit."""
    require(tm.commit_sent, "Commit has been sent")
    rm.state = RmState.COMMITTED


@action(RM)
def rm_rcv_abort_msg(tm: Coordinator, rm: Manager) -> None:
    """A manager is told to abort."""
    require(tm.abort_sent, "Abort has been sent")
    rm.state = RmState.ABORTED


@always()
def consistent() -> Truth:
    """No manager has committed while another has aborted."""
    return all_of((a.state != RmState.ABORTED) | (b.state != RmState.COMMITTED) for a in Manager for b in Manager)


@sometimes()
def abort_agreement() -> Truth:
    """All managers have aborted."""
    return all_of(rm.state == RmState.ABORTED for rm in Manager)


@sometimes()
def commit_agreement() -> Truth:
    """All managers have committed."""
    return all_of(rm.state == RmState.COMMITTED for rm in Manager)
