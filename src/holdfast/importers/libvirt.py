"""From what libvirt prints to the text of a cluster file.

`virsh dumpxml` gives the VMs, `virsh domstats` and each guest's /proc/meminfo their pages, `virsh nodeinfo` the
machine. Whatever is missing becomes a conservative assumption, written above the value and into the file's
`assumptions:`. Three facts cannot be read anywhere and have no conservative value under which anything could be
decided: whether a release nests, which hand-off formats it reads, and which machine types it offers. They are assumed
to fit, and the sentence asks the reader to confirm it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..inputs.load import cluster_from
from ..inputs.positions import Position
from ..inputs.problems import BadInput, Problem, Source, quoted
from ..inputs.scalars import NAME_LENGTH_MAX, is_safe_text
from ..inputs.sizes import PAGE_KIB, size_text
from ..inputs.yaml_nodes import Unreadable, read_source
from .cluster_text import ClusterText, boolean_text, name_text
from .libvirt_domain import Domain, hardware_version, read_domains
from .libvirt_measures import DomainStatistics, NodeInfo, read_domstats, read_meminfo, read_nodeinfo
from .page_classes import Measured, measure

FILE_BYTES_MAX = 16 << 20
FOOTPRINT_PAGES_DEFAULT = (2 << 20) // PAGE_KIB
VM_OVERHEAD_PAGES_DEFAULT = (256 << 10) // PAGE_KIB
FORMAT_DEFAULT = 1
COMMIT_LIMIT_PERCENT_DEFAULT = 100


@dataclass(frozen=True)
class ReleaseFacts:
    """What the operator knows of a release; None becomes a stated assumption."""

    name: str
    footprint_pages: int | None = None
    vm_overhead_pages: int | None = None
    writes_format: int | None = None
    reads_formats: tuple[int, ...] | None = None
    nested: bool | None = None
    hardware_versions: tuple[int, ...] | None = None


@dataclass(frozen=True)
class HostFacts:
    """What the operator knows of the machine; `nodeinfo` is a file with the output of `virsh nodeinfo`."""

    name: str = "host"
    memory_pages: int | None = None
    swap_pages: int | None = None
    processors: int | None = None
    commit_limit_percent: int | None = None
    nodeinfo: Path | None = None


def import_libvirt(
    domain_files: Sequence[Path],
    domstats_file: Path | None,
    meminfo: Mapping[str, Path],
    host: HostFacts,
    release: ReleaseFacts,
    target: ReleaseFacts,
) -> str:
    """The text of a cluster file: one host that runs `release` with these domains, and the `target` release.

    `meminfo` maps a domain's name to a file with its guest's /proc/meminfo. Raises BadInput with everything that is
    wrong in any of the files; a text that is returned has been read back by the loader.
    """
    inventory = _Inventory()
    inventory.read(domain_files, domstats_file, meminfo, host.nodeinfo)
    inventory.check_facts(host, release, target)
    if inventory.problems:
        raise BadInput(inventory.problems)
    text = _Writer(inventory, host, release, target).text()
    cluster_from(Source("the imported cluster", text))
    return text


@dataclass
class _Inventory:
    """Everything that was read, and what is wrong with it."""

    domains: dict[str, Domain] = field(default_factory=dict[str, Domain])
    statistics: dict[str, DomainStatistics] = field(default_factory=dict[str, DomainStatistics])
    meminfo_kib: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    node: NodeInfo | None = None
    problems: list[Problem] = field(default_factory=list[Problem])

    def read(
        self,
        domain_files: Sequence[Path],
        domstats_file: Path | None,
        meminfo: Mapping[str, Path],
        nodeinfo_file: Path | None,
    ) -> None:
        """Read every file."""
        for path in domain_files:
            self._read_domains(path)
        if domstats_file is not None and (source := self._source(domstats_file)):
            self.statistics = read_domstats(source, self.problems)
            self._check_statistics(source)
        for name, path in meminfo.items():
            self._read_meminfo(name, path)
        if nodeinfo_file is not None and (source := self._source(nodeinfo_file)):
            self.node = read_nodeinfo(source, self.problems)

    def check_facts(self, host: HostFacts, release: ReleaseFacts, target: ReleaseFacts) -> None:
        """The operator's facts suffice and do not contradict each other."""
        if host.memory_pages is None and self.node is None:
            self._report_fact("no memory of the host", "the host's memory, or the output of virsh nodeinfo")
        if release.name == target.name:
            self._report_fact(f"the release {quoted(target.name)} twice", "a target that is another release")
        for name in (host.name, release.name, target.name):
            if not is_safe_text(name):
                self._report_fact(f"the name {quoted(name)}", f"a name of 1 to {NAME_LENGTH_MAX} printable characters")

    def _source(self, path: Path) -> Source | None:
        try:
            return read_source(path, FILE_BYTES_MAX)
        except Unreadable as error:
            self.problems.append(error.problem)
            return None

    def _read_domains(self, path: Path) -> None:
        source = self._source(path)
        if source is None:
            return
        try:
            domains = read_domains(source, self.problems)
        except BadInput as error:
            self.problems.extend(error.problems)
            return
        for domain in domains:
            if domain.name in self.domains:
                expected = f"each domain once ({self.domains[domain.name].position} has it)"
                found = f"the domain {quoted(domain.name)} a second time"
                self.problems.append(source.problem(domain.position, found, expected))
            self.domains.setdefault(domain.name, domain)

    def _check_statistics(self, source: Source) -> None:
        """A running domain without a description would use memory that nobody counts.

        Not said when a description could not be read: it may be the missing one.
        """
        for name, statistics in self.statistics.items():
            if name not in self.domains and statistics.is_running and not self.problems:
                found = f"the running domain {quoted(name)} without its description"
                self.problems.append(source.problem(statistics.position, found, "its virsh dumpxml among the files"))

    def _read_meminfo(self, name: str, path: Path) -> None:
        source = self._source(path)
        if source is None:
            return
        if name not in self.domains:
            position = Position(source.file, 1, 1)
            found = f"the meminfo of {quoted(name)}"
            self.problems.append(source.problem(position, found, "the meminfo of a domain that is imported"))
        amounts_kib = read_meminfo(source, self.problems)
        if amounts_kib is not None:
            self.meminfo_kib[name] = amounts_kib

    def _report_fact(self, found: str, expected: str) -> None:
        self.problems.append(Problem(Position("import", 0, 0), found, expected))


class _Writer:
    """Writes the cluster; each method writes one kind of entry."""

    def __init__(self, inventory: _Inventory, host: HostFacts, release: ReleaseFacts, target: ReleaseFacts) -> None:
        self.inventory = inventory
        self.host = host
        self.release = release
        self.target = target
        self.out = ClusterText()
        found = {hardware_version(domain.machine) for domain in inventory.domains.values()}
        self.versions = release.hardware_versions or tuple(sorted(v for v in found if v is not None)) or (0,)

    def text(self) -> str:
        """The text of the file."""
        self.out.section("releases")
        self._release(self.release, self.release)
        self._release(self.target, self.release)
        self.out.section("hosts")
        self._host()
        self.out.section("vms")
        for domain in self.inventory.domains.values():
            self._vm(domain)
        if not self.inventory.domains:
            self.out.lines[-1] = "vms: []"
        return self.out.finished("Made from what libvirt printed. What was assumed is said above it and at the end.")

    def _release(self, facts: ReleaseFacts, old: ReleaseFacts) -> None:
        """A release; the target is assumed to fit the old one where nothing is known."""
        self.out.entry("release", facts.name)
        self._amount("footprint", facts.footprint_pages, FOOTPRINT_PAGES_DEFAULT, "its footprint is assumed to be {}")
        overhead = "what it takes for every VM is assumed to be {}"
        self._amount("vm_overhead", facts.vm_overhead_pages, VM_OVERHEAD_PAGES_DEFAULT, overhead)
        old_format = FORMAT_DEFAULT if old.writes_format is None else old.writes_format
        self._number("writes_format", facts.writes_format, old_format, "the format that it writes is assumed to be {}")
        self._numbers(
            "reads_formats", facts.reads_formats, (old_format,), "it is assumed to read format {}; confirm it"
        )
        nests = () if facts.nested is not None else ("it is assumed that its VMs can hold a hypervisor; confirm it",)
        self.out.value("nested", boolean_text(facts.nested is not False), *nests)
        offers = "it is assumed to offer hardware versions {}; confirm it"
        self._numbers("hardware_versions", facts.hardware_versions, self.versions, offers)

    def _host(self) -> None:
        host, node = self.host, self.inventory.node
        # A machine's memory is rounded down: the part of a page cannot be used.
        node_pages = node.memory_kib // PAGE_KIB if node else 0
        self.out.entry("host", host.name)
        self.out.value("memory", size_text(node_pages if host.memory_pages is None else host.memory_pages))
        self._amount("swap", host.swap_pages, 0, "no swap was given; there is none")
        processors = node.processors if node and host.processors is None else host.processors
        self._number("processors", processors, 1, "its processors were not given; it has {}")
        self.out.value("release", name_text(self.release.name))
        percent, assumed = host.commit_limit_percent, COMMIT_LIMIT_PERCENT_DEFAULT
        limit = (
            () if percent is not None else (f"no commit limit was given; {assumed}% of its memory may be committed",)
        )
        self.out.value("commit_limit", f"{assumed if percent is None else percent}%", *limit)

    def _vm(self, domain: Domain) -> None:
        statistics = self.inventory.statistics.get(domain.name)
        balloon_kib: Mapping[str, int] = statistics.balloon_kib if statistics else {}
        measured = measure(domain, balloon_kib, self.inventory.meminfo_kib.get(domain.name))
        self.out.entry("vm", domain.name)
        self.out.value("host", name_text(self.host.name))
        if statistics and not statistics.is_running:
            self.out.remark("it is shut off; it counts as if it were running")
        self.out.value("size", size_text(domain.size_pages))
        self._entitlement(domain)
        self._hardware_version(domain)
        self._balloon(domain, measured, balloon_kib)
        self._pages(measured)
        drift = "how far its guest moves pages was not measured; it may use all of its memory at any time"
        self.out.value("drift", "unbounded", drift)

    def _entitlement(self, domain: Domain) -> None:
        """Reservation and limit, kept inside the size, and what else is said about memory."""
        if domain.reservation_pages:
            self.out.value("reservation", size_text(domain.reservation_pages))
        if domain.effective_limit_pages is not None:
            self.out.value("limit", size_text(domain.effective_limit_pages))
        elif domain.limit_pages is not None and domain.limit_pages < domain.reservation_pages:
            self.out.remark("its hard limit is below what it is promised; the limit is left out")
        if domain.hotplug_pages is not None:
            self.out.remark(f"no memory is plugged into it (it could grow to {size_text(domain.hotplug_pages)})")
        if domain.has_host_device:
            self.out.remark("it uses a device of the host; that it can be moved at all was not checked")

    def _hardware_version(self, domain: Domain) -> None:
        version = hardware_version(domain.machine)
        if version is not None:
            self.out.value("hardware_version", f"{version}  # {domain.machine}")
            return
        newest = max(self.versions)
        named = f"its machine type {domain.machine} names no version" if domain.machine else "it names no machine type"
        self.out.value("hardware_version", str(newest), f"{named}; it needs {newest}, the newest on this host")

    def _balloon(self, domain: Domain, measured: Measured, balloon_kib: Mapping[str, int]) -> None:
        """A balloon driver works where the balloon holds pages, or where the guest reports through it."""
        has_driver = measured.ballooned_pages > 0 or "unused" in balloon_kib or "available" in balloon_kib
        unsure = domain.has_balloon_device and not has_driver
        silent = ("nothing shows that a balloon driver works in its guest; it has none",) if unsure else ()
        self.out.value("balloon", boolean_text(domain.has_balloon_device and has_driver), *silent)

    def _pages(self, measured: Measured) -> None:
        classes = measured.classes
        amounts = {
            "unreclaimable": classes.unreclaimable_pages,
            "active_anonymous": classes.active_anonymous_pages,
            "active_buffer": classes.active_buffer_pages,
            "inactive_anonymous": classes.inactive_anonymous_pages,
            "inactive_buffer": classes.inactive_buffer_pages,
            "free": classes.free_pages,
            "ballooned": measured.ballooned_pages,
            "swapped": 0,
        }
        text = ", ".join(f"{name}: {size_text(pages)}" for name, pages in amounts.items())
        swapped = "libvirt does not say what the host has swapped out; it is taken as none"
        self.out.value("pages", f"{{{text}}}", *measured.assumptions, swapped)

    def _amount(self, key: str, pages: int | None, assumed_pages: int, sentence: str) -> None:
        text = size_text(assumed_pages if pages is None else pages)
        self.out.value(key, text, *([sentence.format(text)] if pages is None else []))

    def _number(self, key: str, number: int | None, assumed: int, sentence: str) -> None:
        text = str(assumed if number is None else number)
        self.out.value(key, text, *([sentence.format(text)] if number is None else []))

    def _numbers(self, key: str, numbers: Sequence[int] | None, assumed: Sequence[int], sentence: str) -> None:
        listed = ", ".join(str(number) for number in (assumed if numbers is None else numbers))
        self.out.value(key, f"[{listed}]", *([sentence.format(listed)] if numbers is None else []))
