"""The written form of a cluster."""

from typing import Annotated, ClassVar

from pydantic import Field

from .entry import Entry, StandIn
from .fields import Boolean, Count, Name, Percent, Positive, Sentence, SizePages, integer
from .scalars import read_choice
from .yaml_nodes import Mapping, Node, Scalar

FORMAT = 1


class ReleaseEntry(Entry):
    """A hypervisor release, old or new."""

    called: ClassVar[str] = "a release"
    name: Name = Field(description="what hosts and plans call the release")
    footprint: SizePages = Field(description="what the hypervisor itself takes on a machine")
    vm_overhead: SizePages = Field(description="what it takes for every VM on top of the VM's own pages")
    writes_format: Count = Field(description="the number of the hand-off format that it writes")
    reads_formats: list[Count] = Field(description="the numbers of the hand-off formats that it reads")
    nested: Boolean = Field(description="whether a hypervisor can run inside its VMs")
    hardware_versions: list[Count] = Field(description="the virtual hardware versions that it offers to VMs")


class HostEntry(Entry):
    """A machine and the release that it runs now."""

    called: ClassVar[str] = "a host"
    name: Name = Field(description="what VMs and plans call the host")
    memory: SizePages = Field(description="the machine's memory")
    release: Name = Field(description="the release that it runs now")
    processors: Positive = Field(description="the number of its processors")
    swap: SizePages | None = Field(None, description="room for swapped pages; none when left out")
    commit_limit: Percent | None = Field(None, description="how much of the memory may be committed; else 100%")


class PagesEntry(Entry):
    """A VM's pages by memory usage class, and those outside the machine's memory."""

    called: ClassVar[str] = "page classes"
    unreclaimable: SizePages = Field(description="pages that can be neither ballooned nor swapped")
    active_anonymous: SizePages = Field(description="anonymous pages in use")
    active_buffer: SizePages = Field(description="file pages in use")
    inactive_anonymous: SizePages = Field(description="anonymous pages not used lately")
    inactive_buffer: SizePages = Field(description="file pages not used lately")
    free: SizePages = Field(description="pages that the guest has touched and does not use")
    ballooned: SizePages | None = Field(None, description="pages that the balloon holds now")
    swapped: SizePages | None = Field(None, description="pages that the host has swapped out")


class DriftEntry(Entry):
    """How much more than measured a guest may have during the plan."""

    called: ClassVar[str] = "drift"
    words: ClassVar[tuple[str, ...]] = ("unbounded",)
    resident: SizePages | None = Field(None, description="how many more pages may be resident at once")
    hot: SizePages | None = Field(None, description="how many more pages may be active or unreclaimable at once")

    @classmethod
    def normalised(cls, node: Node) -> Node:
        """`unbounded` names no bound."""
        if not isinstance(node, Scalar):
            return node
        read_choice(node, cls.words)
        return Mapping(node.position)


class VmEntry(Entry):
    """A VM, its measured pages, and how far its guest may move them."""

    called: ClassVar[str] = "a VM"
    name: Name = Field(description="what plans call the VM")
    host: Name = Field(description="the host that it runs on")
    size: SizePages = Field(description="how much memory the VM sees")
    reservation: SizePages | None = Field(None, description="memory that it is promised; none when left out")
    limit: SizePages | None = Field(None, description="the most memory that it may get; its size when left out")
    shares: Positive | None = Field(None, description="its weight when memory is scarce; 1000 when left out")
    hardware_version: Count | None = Field(None, description="the virtual hardware version that it needs")
    balloon: Boolean | None = Field(None, description="whether a balloon driver works in the guest")
    pages: PagesEntry | None = Field(None, description="its measured pages by class")
    drift: DriftEntry | None = Field(None, description="how much more than measured may be resident and hot")


class ClusterFile(Entry):
    """A cluster: releases, machines and VMs as they are now."""

    called: ClassVar[str] = "a cluster"
    stand_ins: ClassVar[dict[str, StandIn]] = {"releases": [], "hosts": [], "vms": []}
    cluster: Annotated[int, *integer(FORMAT, FORMAT)] = Field(description="the version of this format, which is 1")
    releases: list[ReleaseEntry] = Field(
        description="the hypervisor releases, old and new", json_schema_extra={"minItems": 1}
    )
    hosts: list[HostEntry] = Field(description="the machines", json_schema_extra={"minItems": 1})
    vms: list[VmEntry] = Field(description="the virtual machines")
    assumptions: list[Sentence] | None = Field(None, description="what was assumed when the file was made")
