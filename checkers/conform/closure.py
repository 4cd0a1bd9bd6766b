"""What can have happened unobserved: the states reached from one by hidden steps, as bits, component by component.

Tarjan's algorithm, begun again from whatever is asked next: a component that is finished stays so, since all that it
leads to was looked at before it. Components are numbered as they are finished, so each leads to lower numbers only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .space import Space, TooMany, Way

LIMIT_BITS = 1 << 32
"""How many bits the sets of reachable states may take together, about: half a GiB."""


class Closure:
    """The graph of the hidden steps, condensed."""

    def __init__(self, space: Space, hidden: Iterable[str]) -> None:
        """Of these actions. Raises TooMany where their steps are too many to be tried."""
        self.space = space
        self.ways: list[Way] = space.ways_of(hidden)
        self.component: dict[int, int] = {}
        self.members: list[list[int]] = []
        self.below: list[set[int]] = []
        """Of each component, those that a hidden step leads to."""
        self.reach: list[int] = []
        """Of each component, the states that hidden steps lead to, its own included, as bits."""

    def of(self, numbers: Iterable[int]) -> int:
        """The states that hidden steps lead to from any of these, these included, as bits. Raises TooMany."""
        bits = 0
        for number in numbers:
            if not bits >> number & 1:
                bits |= self.reach[self.component_of(number)] if self.ways else 1 << number
        return bits

    def component_of(self, number: int) -> int:
        """The number of a state's component."""
        if number not in self.component:
            self._search(number)
        return self.component[number]

    def _search(self, root: int) -> None:
        order: dict[int, int] = {}
        low: dict[int, int] = {}
        stack: list[int] = []
        todo: list[tuple[int, Iterator[int]]] = []

        def enter(number: int) -> None:
            order[number] = low[number] = len(order)
            stack.append(number)
            todo.append((number, iter(self._onwards(number))))

        enter(root)
        while todo:
            number, rest = todo[-1]
            for other in rest:
                if other in self.component:
                    continue
                if other not in order:
                    enter(other)
                    break
                low[number] = min(low[number], order[other])
            else:
                todo.pop()
                if todo:
                    above = todo[-1][0]
                    low[above] = min(low[above], low[number])
                if low[number] == order[number]:
                    self._finish(number, stack)

    def _onwards(self, number: int) -> list[int]:
        return [target for _, target in self.space.try_from(number, self.ways)]

    def _finish(self, number: int, stack: list[int]) -> None:
        here, own = len(self.members), list[int]()
        if here * len(self.space.states) > LIMIT_BITS:
            raise TooMany(f"what hidden steps lead to, from {here} components of {len(self.space.states)} states")
        while not own or own[-1] != number:
            own.append(stack.pop())
            self.component[own[-1]] = here
        below = {self.component[t] for n in own for t in self._onwards(n)} - {here}
        bits = 0
        for n in own:
            bits |= 1 << n
        for other in below:
            bits |= self.reach[other]
        self.members.append(own)
        self.below.append(below)
        self.reach.append(bits)


def ones(bits: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    at, text = -1, bin(bits)[:1:-1]
    while (at := text.find("1", at + 1)) >= 0:
        yield at
