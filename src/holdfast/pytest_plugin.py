"""The pytest plugin: one test for each walk of a world, against the adapter that a fixture or an option gives.

    @pytest.mark.holdfast("comes-to-rest")
    def test_conforms(holdfast_walk, holdfast_adapter):
        holdfast_walk.check(holdfast_adapter)

Everything heavy is imported where a test asks for a walk: the plugin is loaded by every pytest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .checkers.conform.coverage import Tally
    from .checkers.conform.walks import Walk
    from .conformance.adapter import Adapter
    from .conformance.session import Prepared, Settings

MARK = "holdfast(world, *, walks=10, careful=False, coverage=100): the world whose walks `holdfast_walk` goes along"
COVERAGE = "coverage"
"""The last of a world's tests: whether the walks have shown enough."""


@dataclass
class Shown:
    """What an implementation showed of a world, if that has a suite; and which walks were gone along to their end."""

    tally: Tally | None
    gone: set[str] = field(default_factory=set[str])


@dataclass
class Worlds:
    """The worlds that tests of this session ask for, and what implementations showed of them."""

    prepared: dict[tuple[Any, ...], Prepared] = field(default_factory=dict[tuple[Any, ...], "Prepared"])
    shown: dict[tuple[str, str], Shown] = field(default_factory=dict[tuple[str, str], Shown])
    """By world and implementation."""


WORLDS = pytest.StashKey[Worlds]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options."""
    group = parser.getgroup("holdfast", "conformance to the model of Holdfast")
    group.addoption("--holdfast-seed", type=int, default=0, help="Seed of the random walks. Default: 0.")
    group.addoption("--holdfast-adapter", help="What `holdfast_adapter` is: a command line, or module:Class.")
    group.addoption("--holdfast-timeout", type=float, default=10.0, help="Seconds for a program's answer. Default: 10.")


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line("markers", MARK)
    config.stash[WORLDS] = Worlds()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a walk, and one for what they have shown."""
    if "holdfast_walk" not in metafunc.fixturenames:
        return
    mark = metafunc.definition.get_closest_marker("holdfast")
    if mark is None:
        raise pytest.UsageError(f"{metafunc.function.__name__} asks for holdfast_walk, and has no @pytest.mark.{MARK}")
    world, settings = _settings(metafunc.config, *mark.args, **mark.kwargs)
    worlds = metafunc.config.stash[WORLDS]
    prepared = _prepared(worlds, world, settings)
    walks = [WorldWalk(world, prepared, settings, worlds, walk) for walk in (*prepared.walks, None)]
    metafunc.parametrize("holdfast_walk", walks, ids=[walk.name for walk in walks])


def _settings(
    config: pytest.Config, world: str, *, walks: int = 10, careful: bool = False, coverage: int = 100
) -> tuple[str, Settings]:
    from .conformance.lockstep import Rules
    from .conformance.session import Settings

    seed = int(config.getoption("--holdfast-seed") or 0)
    return world, Settings(Rules(careful), seed, walks, coverage=coverage)


def _prepared(worlds: Worlds, world: str, settings: Settings) -> Prepared:
    from .checkers.interpret import Run
    from .conformance.session import prepare
    from .specs.worlds import WORLDS as NAMED

    key = world, settings.seed, settings.walks
    if key not in worlds.prepared:
        if world not in NAMED:
            raise pytest.UsageError(f"there is no world {world}; `holdfast explore --list` shows them")
        worlds.prepared[key] = prepare(Run(*NAMED[world].build()), settings)
    return worlds.prepared[key]


@dataclass(frozen=True)
class WorldWalk:
    """A walk of a world, to be gone along; or, where there is no `walk`, what all of them have shown."""

    world: str
    prepared: Prepared
    settings: Settings
    worlds: Worlds
    walk: Walk | None

    @property
    def name(self) -> str:
        """What the test is called."""
        return self.walk.name.replace(" ", "-") if self.walk else COVERAGE

    def check(self, adapter: Adapter) -> None:
        """Fail with what deviates, why, and what would have been legal."""
        from .conformance import protocol
        from .conformance.lockstep import Lockstep
        from .conformance.reports.words import details

        greeting = adapter.hello(protocol.world_record(self.prepared.run))
        shown = self._shown(greeting.name)
        if self.walk is None:
            self._check_coverage(shown)
            return
        walked = Lockstep(self.prepared.run, adapter, greeting, self.settings.rules, shown.tally).walk(self.walk)
        shown.gone.add(self.walk.name)
        if walked.deviation is not None:
            pytest.fail("\n".join([walked.deviation.sentence, *details(walked)]), pytrace=False)

    def _shown(self, implementation: str) -> Shown:
        from .checkers.conform.coverage import Tally

        obligations = self.prepared.obligations
        fresh = Shown(Tally(obligations) if obligations else None)
        return self.worlds.shown.setdefault((self.world, implementation), fresh)

    def _check_coverage(self, shown: Shown) -> None:
        if shown.tally is None:
            pytest.skip(f"{self.world} is too large for a suite: it is walked by chance only")
        walks = {walk.name for walk in self.prepared.walks}
        if not shown.gone >= walks:
            pytest.skip(f"only {len(shown.gone)} of {len(walks)} walks of {self.world} were gone along")
        actions = shown.tally.coverage().actions
        if actions.percent < self.settings.coverage:
            pytest.fail(f"{actions} of the actions were taken; not {', '.join(actions.missing)}", pytrace=False)


@pytest.fixture
def holdfast_adapter(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    """The implementation that `--holdfast-adapter` names. Define a fixture of this name to make your own."""
    from .command.conforming import command_of
    from .conformance.process import TIMEOUT_S, ProcessAdapter

    config = request.config
    given: str | None = config.getoption("--holdfast-adapter")
    if given is None:
        raise pytest.UsageError("no implementation: give --holdfast-adapter, or define a fixture holdfast_adapter")
    timeout_s = float(config.getoption("--holdfast-timeout") or TIMEOUT_S)
    with ProcessAdapter(command_of(given), timeout_s) as adapter:
        yield adapter


def pytest_report_header(config: pytest.Config) -> str:
    """The seed, without which nobody could repeat the run."""
    return f"holdfast: --holdfast-seed={config.getoption('--holdfast-seed')}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """What was shown of each world, against what it can show."""
    for (world, implementation), shown in config.stash[WORLDS].shown.items():
        if shown.tally is not None:
            found = shown.tally.coverage()
            terminalreporter.write_line(
                f"holdfast: {implementation} in {world}: actions {found.actions}, faults {found.faults}, "
                f"refusals {found.refusals}, pairs {found.pairs}"
            )
