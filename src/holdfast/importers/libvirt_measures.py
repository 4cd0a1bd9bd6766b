"""Measured amounts: `virsh domstats`, `virsh nodeinfo` and a guest's /proc/meminfo, all in KiB as they print them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..inputs.positions import Position
from ..inputs.problems import Problem, Source, quoted

AMOUNT_KIB_MAX = 1 << 50
_DOMAIN = re.compile(r"^Domain: '(.*)'$")
_STATISTIC = re.compile(r"^\s+([A-Za-z0-9_.:-]+)=(.*)$")
_MEMINFO = re.compile(r"^([A-Za-z0-9_()]+):\s+([0-9]{1,16})(?: kB)?$")
_STATE_SHUT_OFF = 5
CLASS_FIELDS = ("Active(anon)", "Inactive(anon)", "Active(file)", "Inactive(file)", "MemFree")


@dataclass(frozen=True)
class DomainStatistics:
    """The balloon statistics of one domain, in KiB; what was not printed is not in `balloon_kib`."""

    balloon_kib: Mapping[str, int]
    is_running: bool
    position: Position


def read_domstats(source: Source, problems: list[Problem]) -> dict[str, DomainStatistics]:
    """Statistics by domain; what is wrong goes to `problems`."""
    statistics: dict[str, DomainStatistics] = {}
    values: dict[str, str] = {}
    for number, line in enumerate(source.text.splitlines(), start=1):
        position = Position(source.file, number, 1)
        domain, pair = _DOMAIN.match(line), _STATISTIC.match(line)
        if domain:
            values = {}
            statistics[domain[1]] = DomainStatistics({}, True, position)
        elif pair and statistics:
            values[pair[1]] = pair[2]
            name = next(reversed(statistics))
            statistics[name] = _statistics_of(values, statistics[name].position)
        elif line.strip():
            found = f"the line {quoted(line)}"
            problems.append(
                source.problem(position, found, "`Domain: 'name'` or `key=value`, as virsh domstats prints")
            )
    return statistics


def _statistics_of(values: Mapping[str, str], position: Position) -> DomainStatistics:
    """The balloon statistics among a domain's values; amounts that are no sensible number are left out."""
    balloon = {
        key.removeprefix("balloon."): int(value)
        for key, value in values.items()
        if key.startswith("balloon.") and re.fullmatch("[0-9]{1,16}", value) and int(value) <= AMOUNT_KIB_MAX
    }
    return DomainStatistics(balloon, values.get("state.state") != str(_STATE_SHUT_OFF), position)


def read_meminfo(source: Source, problems: list[Problem]) -> dict[str, int] | None:
    """A guest's /proc/meminfo in KiB, or None when it lacks one of the page classes (which goes to `problems`)."""
    matches = [_MEMINFO.match(line.strip()) for line in source.text.splitlines()]
    amounts = {match[1]: int(match[2]) for match in matches if match and int(match[2]) <= AMOUNT_KIB_MAX}
    missing = [name for name in CLASS_FIELDS if name not in amounts]
    if missing:
        expected = "`/proc/meminfo` with " + ", ".join(f"`{name}`" for name in CLASS_FIELDS)
        problems.append(source.problem(Position(source.file, 1, 1), f"no line for {', '.join(missing)}", expected))
        return None
    return amounts


@dataclass(frozen=True)
class NodeInfo:
    """What `virsh nodeinfo` says of a machine."""

    processors: int
    memory_kib: int


def read_nodeinfo(source: Source, problems: list[Problem]) -> NodeInfo | None:
    """The machine's processors and memory, or None (with a problem) where they cannot be read."""
    processors = re.search(r"^CPU\(s\):\s+([0-9]{1,6})\s*$", source.text, re.MULTILINE)
    memory = re.search(r"^Memory size:\s+([0-9]{1,16}) KiB\s*$", source.text, re.MULTILINE)
    if processors is None or memory is None:
        expected = "`CPU(s):` and `Memory size:`, as virsh nodeinfo prints them"
        found = "no line for " + ("CPU(s)" if processors is None else "Memory size")
        problems.append(source.problem(Position(source.file, 1, 1), found, expected))
        return None
    return NodeInfo(int(processors[1]), int(memory[1]))
