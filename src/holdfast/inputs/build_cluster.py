"""From a cluster's written form to its records: the checks that need more than one value, and the defaults."""

from collections.abc import Sequence

from .cluster_schema import ClusterFile, HostEntry, PagesEntry, ReleaseEntry, VmEntry
from .document import Document
from .problems import one_of, quoted
from .records import ClassPages, Cluster, Host, Release, VirtualMachine
from .sizes import size_text

SHARES_DEFAULT = 1000
COMMIT_LIMIT_PERCENT_DEFAULT = 100


class ClusterBuilder:
    """Builds the records of one cluster, reports what is wrong on its document, and notes what it assumed."""

    def __init__(self, document: Document, written: ClusterFile) -> None:
        """Take a cluster's written form; faulty entries are already taken out of it."""
        self.document = document
        self.written = written
        self.assumptions = list(written.assumptions or ())
        self.releases = {entry.name: entry for entry in written.releases}
        self.hosts = {entry.name: entry for entry in written.hosts}

    def build(self) -> Cluster:
        """The records; what they say can be relied on only when the document has no problem."""
        self._check_section("releases", self.written.releases)
        self._check_section("hosts", self.written.hosts)
        self._check_section("vms", self.written.vms)
        return Cluster(
            releases=tuple(self._release(entry) for entry in self.written.releases),
            hosts=tuple(self._host(entry) for entry in self.written.hosts),
            vms=tuple(self._vm(entry) for entry in self.written.vms),
            assumptions=tuple(self.assumptions),
            source=self.document.source.file,
        )

    def _check_section(self, section: str, entries: Sequence[ReleaseEntry | HostEntry | VmEntry]) -> None:
        """Names are unique, and there is at least one release and one host."""
        if not entries and section != "vms" and section not in self.document.lost:
            self.document.report(self.written.where(section), "an empty list", f"at least one {section[:-1]}")
        first_line: dict[str, int] = {}
        for entry in entries:
            position = entry.where("name")
            if entry.name in first_line:
                expected = f"a name of its own (line {first_line[entry.name]} has this one)"
                self.document.report(position, f"the name {quoted(entry.name)} a second time", expected)
            first_line.setdefault(entry.name, position.line)

    def _release(self, entry: ReleaseEntry) -> Release:
        return Release(
            name=entry.name,
            footprint_pages=entry.footprint,
            vm_overhead_pages=entry.vm_overhead,
            writes_format=entry.writes_format,
            reads_formats=tuple(entry.reads_formats),
            nested=entry.nested,
            hardware_versions=tuple(entry.hardware_versions),
            position=entry.where(),
        )

    def _host(self, entry: HostEntry) -> Host:
        document = self.document
        document.report_unknown(entry.where("release"), "release", entry.release, document.names_in("releases"))
        release = self.releases.get(entry.release)
        needed_pages = release.footprint if release else 1
        if entry.memory < needed_pages:
            expected = f"at least {size_text(needed_pages)}" + (", the footprint of its release" if release else "")
            document.report(entry.where("memory"), size_text(entry.memory), expected)
        if entry.swap is None:
            self._assume(f"host {entry.name}: no swap was given; there is none")
        if entry.commit_limit is None:
            percent = COMMIT_LIMIT_PERCENT_DEFAULT
            self._assume(f"host {entry.name}: no commit limit was given; {percent}% of its memory may be committed")
        return Host(
            name=entry.name,
            memory_pages=entry.memory,
            commit_limit_percent=entry.commit_limit or COMMIT_LIMIT_PERCENT_DEFAULT,
            swap_pages=entry.swap or 0,
            processors=entry.processors,
            release=entry.release,
            position=entry.where(),
        )

    def _vm(self, entry: VmEntry) -> VirtualMachine:
        self.document.report_unknown(entry.where("host"), "host", entry.host, self.document.names_in("hosts"))
        self._check_amounts(entry)
        classes = self._classes(entry)
        resident_peak_pages, hot_peak_pages = self._peaks(entry, classes)
        return VirtualMachine(
            name=entry.name,
            host=entry.host,
            size_pages=entry.size,
            reservation_pages=entry.reservation or 0,
            limit_pages=entry.size if entry.limit is None else entry.limit,
            shares=entry.shares or SHARES_DEFAULT,
            hardware_version=self._hardware_version(entry),
            classes=classes,
            ballooned_pages=(entry.pages and entry.pages.ballooned) or 0,
            swapped_pages=(entry.pages and entry.pages.swapped) or 0,
            balloon=self._balloon(entry),
            resident_peak_pages=resident_peak_pages,
            hot_peak_pages=hot_peak_pages,
            position=entry.where(),
        )

    def _check_amounts(self, entry: VmEntry) -> None:
        """Size, reservation, limit and measured pages fit into one another."""
        size, report = size_text(entry.size), self.document.report
        if entry.size == 0:
            report(entry.where("size"), "a VM without memory", "a size of at least 4KiB")
        if entry.reservation is not None and entry.reservation > entry.size:
            found = f"a reservation of {size_text(entry.reservation)}"
            report(entry.where("reservation"), found, f"at most the VM's size, {size}")
        if entry.limit is not None and entry.limit > entry.size:
            hint = "leave the limit out when the VM may have all of its memory"
            report(
                entry.where("limit"),
                f"a limit of {size_text(entry.limit)}",
                f"at most the VM's size, {size}",
                hint,
            )
        elif entry.limit is not None and entry.limit < (entry.reservation or 0):
            expected = f"at least the reservation, {size_text(entry.reservation or 0)}"
            report(entry.where("limit"), f"a limit of {size_text(entry.limit)}", expected)
        if entry.pages is not None and (measured := _measured_pages(entry.pages)) > entry.size:
            found = f"pages that add up to {size_text(measured)}"
            report(entry.where("pages"), found, f"at most the VM's size, {size}")

    def _classes(self, entry: VmEntry) -> ClassPages:
        """The measured classes; without any, every page counts as active anonymous."""
        pages = entry.pages
        if pages is None:
            self._assume(f"vm {entry.name}: no page classes were given; every page counts as active anonymous")
            return ClassPages(active_anonymous_pages=entry.size)
        return ClassPages(
            unreclaimable_pages=pages.unreclaimable,
            active_anonymous_pages=pages.active_anonymous,
            active_buffer_pages=pages.active_buffer,
            inactive_anonymous_pages=pages.inactive_anonymous,
            inactive_buffer_pages=pages.inactive_buffer,
            free_pages=pages.free,
        )

    def _peaks(self, entry: VmEntry, classes: ClassPages) -> tuple[int, int]:
        """The resident and the hot peak: measured plus drift, at most the size; hot pages are resident."""
        drift = entry.drift
        if drift is None:
            self._assume(f"vm {entry.name}: no drift was given; its guest may use all of its memory at any time")
            return entry.size, entry.size
        if drift.is_word:
            return entry.size, entry.size
        resident_pages = entry.size
        if drift.resident is None:
            self._assume(f"vm {entry.name}: no drift of resident pages was given; all of its memory may be resident")
        else:
            resident_pages = min(entry.size, classes.resident_pages + drift.resident)
        if drift.hot is None:
            self._assume(f"vm {entry.name}: no drift of hot pages was given; all that is resident may be hot")
            return resident_pages, resident_pages
        return resident_pages, min(resident_pages, classes.hot_pages + drift.hot)

    def _balloon(self, entry: VmEntry) -> bool:
        """Whether a balloon driver works: as said, else only where the balloon holds pages already."""
        if entry.balloon is not None:
            return entry.balloon
        if entry.pages is not None and entry.pages.ballooned:
            return True
        self._assume(f"vm {entry.name}: nothing was said about a balloon driver; it has none")
        return False

    def _hardware_version(self, entry: VmEntry) -> int:
        """The hardware version as said, else the newest that the VM's hypervisor offers."""
        host = self.hosts.get(entry.host)
        release = self.releases.get(host.release) if host else None
        offered = release.hardware_versions if release else []
        if entry.hardware_version is None:
            newest = max(offered, default=0)
            text = f"it needs {newest}, the newest that {release.name} offers" if offered and release else "it needs 0"
            self._assume(f"vm {entry.name}: no hardware version was given; {text}")
            return newest
        if release and entry.hardware_version not in offered:
            expected = f"{one_of(str(version) for version in offered)}, which {release.name} offers"
            hint = f"the VM runs on {entry.host}, which runs {release.name}"
            found = f"hardware version {entry.hardware_version}"
            self.document.report(entry.where("hardware_version"), found, expected, hint)
        return entry.hardware_version

    def _assume(self, sentence: str) -> None:
        if sentence not in self.assumptions:
            self.assumptions.append(sentence)


def _measured_pages(pages: PagesEntry) -> int:
    """All pages that are measured: the six classes, ballooned and swapped."""
    cold = pages.inactive_anonymous + pages.inactive_buffer + pages.free
    hot = pages.unreclaimable + pages.active_anonymous + pages.active_buffer
    return hot + cold + (pages.ballooned or 0) + (pages.swapped or 0)
