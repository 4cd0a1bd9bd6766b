"""Threads that read a shared number and write it back, one larger (Stateright's `increment.rs`): updates get lost."""

from enum import Enum

from ...model.language import (
    NUMBER,
    Actor,
    Entity,
    Quantity,
    Role,
    Truth,
    action,
    all_of,
    always,
    constant,
    require,
    total,
    varying,
    where,
)

THREADS = Actor("threads", Role.ENVIRONMENT)
Next = Enum("Next", "READ WRITE NOTHING")


class Shared(Entity):
    """The number."""

    threads = constant(NUMBER)
    value = varying(NUMBER, upto=threads)


class Thread(Entity):
    """What a thread has read, and what it does next."""

    threads = constant(NUMBER)
    value = varying(NUMBER, upto=threads)
    next = varying(Next, start=Next.READ)


@action(THREADS)
def read(thread: Thread, shared: Shared) -> None:
    """A thread reads the number."""
    require(thread.next == Next.READ, "the thread has read nothing")
    thread.value, thread.next = shared.value, Next.WRITE


@action(THREADS)
def write(thread: Thread, shared: Shared) -> None:
    """A thread writes what it has read, and one more."""
    require(thread.next == Next.WRITE, "the thread has not written what it has read")
    shared.value, thread.next = thread.value + 1, Next.NOTHING


def finished() -> Quantity:
    """How many threads have written."""
    return total(where(thread.next == Next.NOTHING, 1, 0) for thread in Thread)


@always()
def fin() -> Truth:
    """The number is that of the threads that have written; two that read the same make it false."""
    return all_of(shared.value == finished() for shared in Shared)
