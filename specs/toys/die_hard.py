"""Die Hard: two jugs and a tap; measure a volume that is neither jug's."""

from ...model.language import (
    Actor,
    Entity,
    Role,
    Truth,
    Unit,
    action,
    any_of,
    constant,
    require,
    sometimes,
    varying,
    where,
)

HERO = Actor("hero", Role.ENVIRONMENT)
gallons = Unit("gallons")


class Jug(Entity):
    """A jug without marks."""

    size_gallons = constant(gallons)
    water_gallons = varying(gallons, upto=size_gallons)


class Wish(Entity):
    """The volume to measure."""

    water_gallons = constant(gallons)


@action(HERO)
def fill(jug: Jug) -> None:
    """A jug is filled at the tap."""
    jug.water_gallons = jug.size_gallons


@action(HERO)
def empty(jug: Jug) -> None:
    """A jug is emptied."""
    jug.water_gallons = 0


@action(HERO)
def pour(jug: Jug, other: Jug) -> None:
    """One jug is poured into the other, until it is empty or the other is full."""
    require(jug != other, "there are two jugs")
    room = other.size_gallons - other.water_gallons
    poured = where(jug.water_gallons < room, jug.water_gallons, room)
    jug.water_gallons, other.water_gallons = jug.water_gallons - poured, other.water_gallons + poured


@sometimes()
def solved() -> Truth:
    """A jug holds the volume."""
    return any_of(jug.water_gallons == wish.water_gallons for jug in Jug for wish in Wish)
