"""What matters here of a libvirt domain, as `virsh dumpxml` prints it (libvirt.org, "Domain XML format")."""

import re
from dataclasses import dataclass

from ..inputs.positions import Position
from ..inputs.problems import Problem, Source, printable, quoted
from ..inputs.scalars import NAME_LENGTH_MAX, is_safe_text
from ..inputs.sizes import PAGE_KIB, SIZE_PAGES_MAX, size_text
from .xml_elements import Element, read_elements

PAGE_BYTES = PAGE_KIB * 1024
MEMORY_UNLIMITED_KIB = 9007199254740988
"""libvirt's way to say that a memory limit is none (VIR_DOMAIN_MEMORY_PARAM_UNLIMITED)."""

_UNIT = re.compile(r"^(?:b|bytes|([kmgtpe])(ib|b)?)$", re.IGNORECASE)
_POWERS = "kmgtpe"
_MACHINE_VERSION = re.compile(r"-(rhel)?([0-9]{1,2})\.([0-9]{1,2})(?:\.([0-9]{1,2}))?$")


@dataclass(frozen=True)
class Domain:
    """A domain's facts; amounts that the domain does not give are None."""

    name: str
    size_pages: int
    current_pages: int | None
    """What the balloon leaves to the guest."""
    hotplug_pages: int | None
    """The size up to which memory can be plugged in, where that is more than the size."""
    guarantee_pages: int | None
    limit_pages: int | None
    has_balloon_device: bool
    pinned_by: str | None
    """Why the host cannot take any page back, or None where it can."""
    has_host_device: bool
    machine: str | None
    position: Position

    @property
    def reservation_pages(self) -> int:
        """What the domain is promised; everything when it is pinned."""
        promised_pages = self.size_pages if self.pinned_by else self.guarantee_pages or 0
        return min(self.size_pages, promised_pages)

    @property
    def effective_limit_pages(self) -> int | None:
        """The hard limit where it limits anything: below the size, and not below what is promised."""
        limit_pages = self.limit_pages
        if limit_pages is None or not self.reservation_pages <= limit_pages < self.size_pages:
            return None
        return limit_pages


def read_domains(source: Source, problems: list[Problem]) -> list[Domain]:
    """Every domain of a file; what is wrong goes to `problems`. Raises BadInput when the file is no XML."""
    domains: list[Domain] = []
    elements = read_elements(source)
    if not elements:
        problems.append(
            source.problem(Position(source.file, 1, 1), "no element", "`<domain>`, as virsh dumpxml prints it")
        )
    for element in elements:
        if element.tag != "domain":
            found = f"the element `<{element.tag}>`"
            problems.append(source.problem(element.position, found, "`<domain>`, as virsh dumpxml prints it"))
            continue
        domain = _DomainReader(source, element, problems).read()
        if domain is not None:
            domains.append(domain)
    return domains


def hardware_version(machine: str | None) -> int | None:
    """A machine type's version as a number: `pc-q35-7.2` is 702, `pc-q35-rhel9.2.0` is 90200; None without a version.

    Types of one version (`pc-q35-7.2`, `pc-i440fx-7.2`) share their number: a QEMU release offers both or neither.
    """
    match = _MACHINE_VERSION.search(machine or "")
    if match is None:
        return None
    vendor, major, minor, patch = match.groups()
    return int(major) * 10000 + int(minor) * 100 + int(patch or 0) if vendor else int(major) * 100 + int(minor)


class _DomainReader:
    """Reads one `<domain>`."""

    def __init__(self, source: Source, element: Element, problems: list[Problem]) -> None:
        self.source = source
        self.element = element
        self.problems = problems

    def read(self) -> Domain | None:
        """The domain, or None when it lacks what nothing can stand in for."""
        name = self._name()
        size_pages = self._pages("memory", required=True)
        current_pages = self._pages("currentMemory")
        hotplug_pages = self._pages("maxMemory")
        guarantee_pages = self._pages("memtune", "min_guarantee")
        limit_pages = self._pages("memtune", "hard_limit")
        if name is None or size_pages is None:
            return None
        machine = self.element.find("os", "type")
        return Domain(
            name=name,
            size_pages=size_pages,
            current_pages=current_pages,
            hotplug_pages=hotplug_pages if hotplug_pages and hotplug_pages > size_pages else None,
            guarantee_pages=guarantee_pages,
            limit_pages=limit_pages,
            has_balloon_device=self._has_balloon_device(),
            pinned_by=self._pinned_by(),
            has_host_device=bool(self._host_device_types()),
            machine=printable(machine.attributes["machine"]) if machine and "machine" in machine.attributes else None,
            position=self.element.position,
        )

    def _name(self) -> str | None:
        element = self.element.find("name")
        name = element.text.strip() if element else ""
        if is_safe_text(name):
            return name
        position = element.position if element else self.element.position
        found = f"the name {quoted(name)}" if element else "a domain without `<name>`"
        self._report(position, found, f"a name of 1 to {NAME_LENGTH_MAX} printable characters")
        return None

    def _pages(self, *path: str, required: bool = False) -> int | None:
        """An amount of memory in pages, rounded up; None when it is not there, unlimited, or wrong."""
        element = self.element.find(*path)
        if element is None:
            if required:
                self._report(self.element.position, f"a domain without `<{path[-1]}>`", f"`<{path[-1]}>`")
            return None
        unit = _UNIT.match(element.attributes.get("unit", "KiB"))
        text = element.text.strip()
        if unit is None:
            found = f"the unit {quoted(element.attributes['unit'])}"
            self._report(element.position, found, "a unit of libvirt: b, KB, KiB, MB, MiB, GB, GiB, TB, TiB …")
            return None
        if not re.fullmatch(r"[0-9]{1,20}", text):
            self._report(element.position, f"{quoted(text)} in `<{path[-1]}>`", "a whole number")
            return None
        return self._checked_pages(int(text) * _unit_bytes(unit), element, path[-1])

    def _checked_pages(self, amount_bytes: int, element: Element, tag: str) -> int | None:
        """Pages, rounded up; a limit that libvirt calls unlimited is None."""
        if tag == "hard_limit" and amount_bytes >= MEMORY_UNLIMITED_KIB * 1024:
            return None
        pages = -(-amount_bytes // PAGE_BYTES)
        if pages > SIZE_PAGES_MAX or (pages == 0 and tag == "memory"):
            self._report(element.position, f"{amount_bytes} bytes of memory", f"4KiB to {size_text(SIZE_PAGES_MAX)}")
            return None
        return pages

    def _has_balloon_device(self) -> bool:
        devices = self.element.find_all("devices", "memballoon")
        return any(device.attributes.get("model", "none") != "none" for device in devices)

    def _host_device_types(self) -> set[str]:
        """The types of the host's devices that the domain uses, network functions included."""
        devices = {device.attributes.get("type", "") for device in self.element.find_all("devices", "hostdev")}
        interfaces = {device.attributes.get("type", "") for device in self.element.find_all("devices", "interface")}
        return devices | (interfaces & {"hostdev", "vdpa"})

    def _pinned_by(self) -> str | None:
        """What keeps the host from taking pages back, if anything."""
        backing = self.element.find("memoryBacking")
        if backing and backing.find("hugepages"):
            return "it is backed by huge pages"
        if backing and backing.find("locked"):
            return "its memory is locked"
        if self._host_device_types() & {"pci", "mdev", "hostdev", "vdpa"}:
            return "a host device writes to its memory directly"
        return None

    def _report(self, position: Position, found: str, expected: str) -> None:
        self.problems.append(self.source.problem(position, found, expected))


def _unit_bytes(unit: re.Match[str]) -> int:
    """Bytes in a unit; only `KB`, `MB` … (with a B and no i) are powers of 1000."""
    letter, suffix = unit.groups()
    if letter is None:
        return 1
    base = 1000 if (suffix or "").lower() == "b" else 1024
    return int(base ** (_POWERS.index(letter.lower()) + 1))
