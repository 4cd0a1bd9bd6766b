"""Prisoners and two switches (`Prisoners.tla`, Lamport): one counts until everybody has been in the room."""

from ...model.language import (
    ANYTHING,
    NUMBER,
    Actor,
    Entity,
    Role,
    Truth,
    action,
    all_of,
    always,
    constant,
    implies,
    leads_to,
    varying,
    where,
)

PRISONERS = Actor("prisoners", Role.AUTOMATIC)


class Prisoner(Entity):
    """A prisoner other than the counter, and how often they have moved switch A up."""

    times_switched = varying(NUMBER, upto=2)


class Room(Entity):
    """The two switches; how often the counter has moved switch A down, what is enough, and the most that can be."""

    enough, most = constant(NUMBER), constant(NUMBER)
    switch_a_up, switch_b_up = varying(bool, start=ANYTHING), varying(bool, start=ANYTHING)
    count = varying(NUMBER, upto=most)


@action(PRISONERS)
def counter_step(room: Room) -> None:
    """The counter moves switch A down and counts, or flips switch B."""
    room.count = where(room.switch_a_up, room.count + 1, room.count)
    room.switch_b_up = where(room.switch_a_up, room.switch_b_up, ~room.switch_b_up)
    room.switch_a_up = False


@action(PRISONERS)
def non_counter_step(room: Room, prisoner: Prisoner) -> None:
    """Another moves switch A up, twice at most, or flips switch B."""
    raises = ~room.switch_a_up & (prisoner.times_switched < 2)
    room.switch_b_up = where(raises, room.switch_b_up, ~room.switch_b_up)
    prisoner.times_switched = where(raises, prisoner.times_switched + 1, prisoner.times_switched)
    room.switch_a_up = room.switch_a_up | raises


def done() -> Truth:
    """The counter has counted enough."""
    return all_of(room.count == room.enough for room in Room)


@always()
def safety() -> Truth:
    """When the counter is done, everybody has been in the room."""
    return implies(done(), all_of(prisoner.times_switched > 0 for prisoner in Prisoner))


@leads_to()
def liveness() -> tuple[Truth, Truth]:
    """From where every run begins, the counter is done in the end."""
    nothing_counted = all_of(room.count == 0 for room in Room)
    return nothing_counted & all_of(prisoner.times_switched == 0 for prisoner in Prisoner), done()
