"""Logs at sizes whose states cannot be numbered: amounts by the thousand, of which some were not observed.

Control is followed as it is, amounts are left open (`symbolic.py`). Hidden steps that move amounts are given their chance
before every event. Hidden steps that change control are tried where an event cannot be taken without them: breadth first
from there, so many in a row (DEPTH), and then at earlier events, until so many steps (TRIES) or seconds (SECONDS) were
spent. A log is `Included`
only when its steps, hidden ones too, were taken in the reference interpreter; it is `Excluded` only when nothing was left
untried.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from time import perf_counter

from ...model.language import ModelError, Sort, State
from ..interpret import Run
from .amounts import NotCarriedOut, carried_out
from .diagnosis import Diagnosis
from .flows import is_flow
from .helping import Helping
from .inclusion import Excluded, Included, Inclusion, Undecided
from .observation import Observed, resolve
from .reasons import candidates, reasons, with_nearest
from .space import TooMany
from .symbolic import Symbolic, Wanted

DEPTH = 4
TRIES = 5_000
SECONDS = 60.0
HELP_DEPTH, HELP_ROWS = 12, 200
"""How many hidden steps that help towards an event are tried in a row, and how many such rows, before all others."""


class QuantityAcceptor:
    """Judges logs of one run, in the log's own order."""

    def __init__(
        self,
        run: Run,
        hidden: Iterable[str] = (),
        *,
        start: State | None = None,
        depth: int = DEPTH,
        tries: int = TRIES,
    ) -> None:
        """`hidden` actions may happen unobserved. Raises ModelError for one of them that no search could fill in."""
        self.run, self.depth, self.tries = run, depth, tries
        self.start = run.initial()[0] if start is None else start
        actions = [a for a in run.instance.actions if a.name in frozenset(hidden)]
        self.hidden = frozenset(a.name for a in actions)
        self.flows = frozenset(a.name for a in actions if is_flow(a))
        self.edges = [
            Wanted(a, members)
            for a in actions
            if not is_flow(a)
            for members in product(*(run.instance.range(p) for p in a.parameters))
        ]
        for a in actions:
            if not is_flow(a) and any(not isinstance(p.var.sort, Sort) for p in a.parameters):
                raise ModelError(f"{a.name} cannot stay unobserved: it has more than one number")

    def judge(self, log: Sequence[Observed], *, by_process: bool = False, instead: bool = True) -> Inclusion:
        """The verdict on a log. Raises ModelError for what the run does not know."""
        if by_process:
            raise ModelError("at real sizes, events are taken in the order of the log")
        search = _Search(self, log)
        try:
            if search.run():
                carried = carried_out(self.run, search.symbolic, self.start)
                taken = sum(step.event is not None for step in carried)
                assert taken == len(log), "every event was carried out"
                return Included(len(log), None)
        except (TooMany, NotCarriedOut) as error:
            return Undecided(str(error), {None: search.reached})
        if search.bounded or search.diagnosis is None:
            return Undecided(search.bounded, {None: search.reached})
        at, diagnosis = search.furthest, search.diagnosis
        if instead and search.blocked_at is not None:
            diagnosis = with_nearest(self.run, search.blocked_at, log[at], diagnosis, self.hidden)
        return Excluded({None: at}, at, log[at], diagnosis)


class _Search:
    """Depth first over what each event may have been, and what hidden steps came before it."""

    def __init__(self, acceptor: QuantityAcceptor, log: Sequence[Observed]) -> None:
        self.acceptor, self.log = acceptor, log
        self.symbolic = Symbolic(acceptor.run, acceptor.flows, acceptor.start)
        self.patterns = [resolve(acceptor.run, observed) for observed in log]
        self.furthest, self.reached, self.tried, self.bounded = -1, 0, 0, ""
        self.until = perf_counter() + SECONDS
        self.helping = Helping(self.symbolic, acceptor.edges)
        self.diagnosis: Diagnosis | None = None
        self.blocked_at: State | None = None

    def run(self) -> bool:
        """Whether the whole log fits; the path is then the whole of it. Raises TooMany."""
        todo: list[Iterator[bool]] = []
        while len(todo) < len(self.log):
            todo.append(self._alternatives(len(todo)))
            while todo and not next(todo[-1], False):
                todo.pop()
            if not todo:
                return False
            self.reached = max(self.reached, len(todo))
        return True

    def _alternatives(self, at: int) -> Iterator[bool]:
        """Every way in which an event can be taken: the path is then after it, and afterwards before it again."""
        found = False
        for _ in self._direct(at):
            found = True
            yield True
        for _ in self._after_helping(at):
            found = True
            yield True
        for _ in self._after_hidden(at):
            found = True
            yield True
        if not found and at > self.furthest:
            self.furthest = at
            self.diagnosis = reasons(self.symbolic, self.patterns[at], self.log[at])
            self.blocked_at = self._state()

    def _direct(self, at: int) -> Iterator[bool]:
        for wanted in candidates(self.symbolic, self.patterns[at], at):
            if self._take(wanted):
                yield True

    def _after_helping(self, at: int) -> Iterator[bool]:
        """The same after hidden steps that help towards it, as far as HELP_DEPTH, through HELP_ROWS rows of them."""
        goal = next(iter(list(candidates(self.symbolic, self.patterns[at], at))), None)
        rows: deque[tuple[Wanted, ...]] = deque([()] if goal and self.acceptor.edges else [])
        known = {self._control()}
        for _ in range(HELP_ROWS):
            if not rows:
                return
            row = rows.popleft()
            marks = self.symbolic.marks
            if self._all_taken(row) and (not row or self._control() not in known):
                known.add(self._control())
                if row:
                    yield from self._direct(at)
                onwards = self.helping.towards(goal) if goal and len(row) < HELP_DEPTH else []
                rows.extend((*row, edge) for edge in onwards)
            while self.symbolic.marks > marks:
                self.symbolic.back()

    def _after_hidden(self, at: int) -> Iterator[bool]:
        """The same after hidden steps that change control, breadth first."""
        rows: list[tuple[Wanted, ...]] = [()]
        known: dict[tuple[int, ...], tuple[Wanted, ...]] = {self._control(): ()}
        for _ in range(self.acceptor.depth if self.acceptor.edges else 0):
            longer: list[tuple[Wanted, ...]] = []
            for row in [(*row, edge) for row in rows for edge in self.acceptor.edges]:
                marks = self.symbolic.marks
                if self._all_taken(row) and self._is_new(row, known):
                    longer.append(row)
                    yield from self._direct(at)
                while self.symbolic.marks > marks:
                    self.symbolic.back()
            rows = longer
        if rows and self.acceptor.edges:
            self.bounded = f"more than {self.acceptor.depth} hidden steps in a row were not tried"

    def _is_new(self, row: tuple[Wanted, ...], known: dict[tuple[int, ...], tuple[Wanted, ...]]) -> bool:
        """Whether control was not led there before, by other hidden steps; note where that leaves something untried."""
        other = known.setdefault(self._control(), row)
        if other is row:
            return True
        if not self._same_but_for_order(row, other):
            self.bounded = "hidden steps that lead to the same by other ways, with other amounts, were not tried"
        return False

    def _same_but_for_order(self, row: Sequence[Wanted], other: Sequence[Wanted]) -> bool:
        """Whether the two have the same steps, none of which concerns what another one writes."""
        if sorted(map(id, row)) != sorted(map(id, other)):
            return False
        symbolic = self.symbolic
        prints = [symbolic.concerns(w.action, symbolic.environment(w.action, w.arguments)[0]) for w in row]
        return all(
            concerned.isdisjoint(written)
            for k, (concerned, _) in enumerate(prints)
            for n, (_, written) in enumerate(prints)
            if k != n
        )

    def _all_taken(self, row: Sequence[Wanted]) -> bool:
        for wanted in row:
            self.symbolic.mark()
            if not self._take(wanted):
                return False
        return True

    def _take(self, wanted: Wanted) -> bool:
        self.tried += 1
        if self.tried > self.acceptor.tries:
            raise TooMany(f"more than {self.acceptor.tries} steps were tried")
        if self.acceptor.edges and perf_counter() > self.until:
            raise TooMany(f"what may be hidden was sought for more than {SECONDS:.0f} s")
        return self.symbolic.take(wanted)

    def _control(self) -> tuple[int, ...]:
        return tuple(self.symbolic.path.state[slot] for slot in sorted(self.symbolic.control))

    def _state(self) -> State | None:
        """A state that the implementation may be in where the path ends; None where none was found."""
        self.symbolic.mark()
        try:
            carried = carried_out(self.acceptor.run, self.symbolic, self.acceptor.start)
        except NotCarriedOut:
            return None
        finally:
            self.symbolic.back()
        return carried[-1].after if carried else self.acceptor.start
