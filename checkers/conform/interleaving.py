"""How far a log can be matched, whatever the order between its processes: two searches.

**Everything may have been dropped** (`through_components`). Then only the component of the state graph counts in which the
implementation is: inside it, hidden steps lead from anywhere to anywhere. An event that can happen without leaving the
component costs nothing, and is taken at once: whoever takes it later, as a step out of another component, could take that
step unobserved instead. For the same reason, of two ways into a component the one that has matched more of every lane is
as good as the other or better. So each component keeps the positions that none other outdoes, and components are gone
through once, in the order of the graph. Nothing is guessed, and nothing is left out.

**Some actions are always observed** (`in_order`). Then an event that was matched is needed where it stands, and orders have
to be tried: depth first, over a component of the hidden steps and the positions, each pair once. Where the head of a lane
concerns nothing that any later event of another lane, or a hidden step, reads or writes, no other head needs to be tried
first (its turn can always be moved to the front). There may still be as many pairs as the lengths of the lanes multiplied,
times states, which is what the limit is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .closure import Closure, ones
from .independence import Independence
from .lanes import Lanes, Moves, Positions, Reached, advance, best

LIMIT_NODES = 2_000_000


# ------------------------------------------------------------------------------------- everything may have been dropped
def through_components(closure: Closure, moves: Moves, lanes: Lanes, start: Iterable[int]) -> Reached:
    """How far the log can be matched where every action may be hidden. Raises TooMany."""
    fronts: dict[int, list[Positions]] = {}
    for number in start:
        fronts.setdefault(closure.component_of(number), [lanes.start])
    met: list[tuple[Positions, list[int]]] = []
    for component in range(max(fronts, default=-1), -1, -1):  # each leads to lower numbers only
        for at in fronts.pop(component, ()):
            here = _taken_inside(moves, lanes, component, at)
            met.append((here, closure.members[component]))
            if here == lanes.end:
                return best(met[-1:])
            for other in closure.below[component]:
                _enter(fronts, other, here)
            for lane, event in lanes.heads(here):
                for other in moves.components(component, lanes.pattern[event]):
                    _enter(fronts, other, advance(here, lane))
    return best(met)


def _taken_inside(moves: Moves, lanes: Lanes, component: int, at: Positions) -> Positions:
    """All that can be matched without leaving the component."""
    goes_on = True
    while goes_on:
        goes_on = False
        for lane, event in lanes.heads(at):
            if component in moves.components(component, lanes.pattern[event]):
                at, goes_on = advance(at, lane), True
    return at


def _enter(fronts: dict[int, list[Positions]], component: int, at: Positions) -> None:
    """Keep the positions that none other outdoes."""
    front = fronts.setdefault(component, [])
    if not any(all(x <= y for x, y in zip(at, other, strict=True)) for other in front):
        front[:] = [o for o in front if not all(x <= y for x, y in zip(o, at, strict=True))]
        front.append(at)


# --------------------------------------------------------------------------------------- some actions are always observed
def in_order(closure: Closure, moves: Moves, lanes: Lanes, start: Iterable[int], limit: int = LIMIT_NODES) -> Reached:
    """How far the log can be matched where some actions cannot have been dropped. Raises TooMany."""
    independence = Independence(closure, lanes)
    first = [(closure.component_of(n), lanes.start) for n in start]
    seen: set[tuple[int, Positions]] = set(first)
    furthest: dict[Positions, set[int]] = {}
    most, todo = -1, first[::-1]
    while todo:
        component, at = todo.pop()
        if sum(at) >= most:
            if sum(at) > most:
                most, furthest = sum(at), {}
            furthest.setdefault(at, set()).update(_inside(closure, component))
        if at == lanes.end:
            break
        for node in _onwards(closure, moves, lanes, independence, component, at):
            if node not in seen:
                seen.add(node)
                todo.append(node)
        if len(seen) > limit:
            return best(furthest.items(), f"more than {limit} pairs of a state and positions in the log")
    return best(furthest.items())


def _inside(closure: Closure, component: int) -> Iterator[int]:
    """The states that hidden steps lead to from a component."""
    return ones(closure.reach[component])


def _onwards(
    closure: Closure, moves: Moves, lanes: Lanes, independence: Independence, component: int, at: Positions
) -> list[tuple[int, Positions]]:
    """The pairs that one event leads to; the one to try first comes last."""
    alone = independence.alone(at)
    if alone is not None:
        first = list(_taken(closure, moves, lanes, component, at, *alone))
        if first:
            return first
    heads = sorted(lanes.heads(at), key=lambda head: -head[1])
    return [node for lane, event in heads for node in _taken(closure, moves, lanes, component, at, lane, event)]


def _taken(
    closure: Closure, moves: Moves, lanes: Lanes, component: int, at: Positions, lane: int, event: int
) -> Iterator[tuple[int, Positions]]:
    pattern, onwards = lanes.pattern[event], advance(at, lane)
    targets = {closure.component_of(t) for n in _inside(closure, component) for t in moves.of(n, pattern)}
    return ((target, onwards) for target in sorted(targets))
