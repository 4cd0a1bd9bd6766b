"""A small system that says everything that the language can: for holding engines against the reference interpreter."""

from __future__ import annotations

import enum
import sys
from typing import Annotated

from holdfast.model.language import (
    ANYTHING,
    NUMBER,
    Actor,
    Entity,
    Quantity,
    Role,
    System,
    Truth,
    Unit,
    World,
    action,
    after,
    all_of,
    always,
    any_of,
    between,
    check,
    constant,
    derived,
    implies,
    initially,
    require,
    sometimes,
    step,
    total,
    varying,
    where,
)

litres = Unit("litres")
HAND = Actor("hand", Role.ENVIRONMENT)


class Colour(enum.Enum):
    """What a jar may be painted."""

    WHITE = 1
    RED = 2
    BLUE = 3


class Tap(Entity):
    """The only one of its kind, which begins either way."""

    most = constant(litres)
    open = varying(bool, start=ANYTHING)
    poured = varying(litres, upto=2)


class Shelf(Entity):
    """Holds jars. No action changes what it bears besides."""

    room = constant(litres)
    weight = constant(NUMBER)
    besides = varying(litres, upto=9, start=1)
    marks = varying(NUMBER, upto=2)

    @derived
    def load(self) -> Quantity:
        """Litres in its jars: uses a definition of the jars, which uses the tap."""
        return total(jar.shown * self.weight for jar in Jar.where(shelf=self)) + self.besides

    @derived
    def is_full(self) -> Truth:
        """Whether no litre more fits."""
        return ~(self.load < self.room)


class Jar(Entity):
    """Stands on a shelf, and leans on a shelf (perhaps the same)."""

    size = constant(litres)
    litres = varying(litres, upto=size)
    shelf = varying(Shelf)
    leans_on = varying(Shelf)
    colour = varying(Colour, start=Colour.WHITE)

    @derived
    def shown(self) -> Quantity:
        """Litres that are counted: none while the tap is open and the jar is blue."""
        return where(any_of(tap.open & (self.colour == Colour.BLUE) for tap in Tap), 0, self.litres)


class Ghost(Entity):
    """A sort without members."""

    seen = varying(bool)


@action(HAND)
def pour(tap: Tap, jar: Jar, amount: Annotated[Quantity, between(litres, 1, Tap.most)]) -> None:
    """Some litres, of which none spill."""
    require(tap.open, "the tap is open")
    require(jar.litres + amount <= jar.size, "they fit the jar")
    require(~jar.shelf.is_full, "the shelf bears more")
    jar.litres += amount
    tap.poured = amount


@action(HAND)
def turn(tap: Tap) -> None:
    """Open what is shut, shut what is open, and forget what was poured."""
    require(all_of(implies(jar.colour == Colour.RED, jar.litres < jar.size) for jar in Jar), "no red jar is full")
    tap.open = ~tap.open
    tap.poured = 0


@action(HAND)
def swap(first: Jar, second: Jar) -> None:
    """Exchange what is in two jars, which may be one."""
    require(first.size == second.size, "they are of a size")
    held = first.litres
    first.litres = second.litres
    second.litres = held
    first.colour = Colour.RED
    second.colour = Colour.BLUE


@action(HAND)
def move(jar: Jar, to: Shelf) -> None:
    """Onto another shelf; it leans on the one that it leaves, unless that is full."""
    require(jar.shelf != to, "it goes elsewhere")
    require(jar.litres == 0, "it is empty")
    jar.leans_on = where(jar.shelf.is_full, to, jar.shelf)
    jar.shelf = to


@action(HAND)
def mark(jar: Jar) -> None:
    """Mark the shelf that it stands on, then the one that it leans on: one shelf is marked twice, or two once."""
    require(jar.shelf.marks + jar.leans_on.marks < 2, "few marks are made")
    require(jar.shelf.marks == 0, "the shelf is clean")
    jar.shelf.marks = 1
    jar.leans_on.marks += 1


@action(HAND)
def wipe(shelf: Shelf, jar: Jar) -> None:
    """Wipe one shelf, and empty a jar elsewhere."""
    require(shelf.marks > 0, "it is marked")
    require(jar.shelf != shelf, "the jar is elsewhere")
    shelf.marks = 0
    jar.litres = where(jar.colour.one_of(Colour.RED, Colour.BLUE), jar.litres, 0)
    jar.colour = where(jar.litres == jar.size, jar.colour, Colour.WHITE)


@action(HAND)
def haunt(ghost: Ghost) -> None:
    """Nobody does."""
    ghost.seen = True


@initially
def begins_apart() -> Truth:
    """Jars lean on the shelf that they stand on."""
    return all_of(jar.leans_on == jar.shelf for jar in Jar)


@always()
def in_range() -> Truth:
    """Every jar holds what it can, and no ghost is unseen."""
    return all_of(jar.litres <= jar.size for jar in Jar) & all_of(ghost.seen for ghost in Ghost)


@step()
def litres_come_from_the_tap() -> Truth:
    """Where the jars hold more after a step, the tap poured it."""
    more = total(after(jar.litres) - jar.litres for jar in Jar)
    return all_of(implies(more > 0, after(tap.poured) == more) for tap in Tap)


@sometimes()
def all_full() -> Truth:
    """Every jar is full, and one of them blue."""
    return all_of(jar.litres == jar.size for jar in Jar) & any_of(jar.colour == Colour.BLUE for jar in Jar)


@sometimes()
def stands_and_leans_apart() -> Truth:
    """A jar leans on a marked shelf that it does not stand on."""
    return any_of((jar.leans_on != jar.shelf) & (jar.leans_on.marks > 1) for jar in Jar)


def system() -> System:
    """The system."""
    return check(System.of(sys.modules[__name__]))


def world(jars: int = 2, size: int = 1, shelves: int = 2) -> World:
    """So many jars of a size on the first of so many shelves."""
    racks = [Shelf(f"shelf{i}", room=5 - i, weight=1 + i) for i in range(shelves)]
    pots = [Jar(f"jar{i}", size=size, shelf=racks[0], leans_on=racks[0]) for i in range(jars)]
    return World("sink", Tap("tap", most=size), *racks, *pots, leave_out={"haunt": "there is no ghost"})
