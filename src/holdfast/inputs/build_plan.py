"""From a plan's written form and its cluster to the plan's records: everything that is wrong about naming and order.

What is merely unsafe (a VM left out, a host VM too small for its residents) is no input error: it reaches the verifier.
"""

from pathlib import Path

from .document import Document
from .ordering import StepOrder
from .plan_schema import FaultsEntry, PlanFile
from .positions import Position
from .problems import quoted
from .records import Cluster, Faults, HostVm, Plan, Step
from .sizes import size_text
from .verbs import VERBS


class PlanBuilder:
    """Builds the records of one plan and reports what is wrong on its document.

    `cluster` may lack entries that were faulty; `cluster_document` still knows their names. Both are None when the
    cluster could not be read at all.
    """

    def __init__(
        self,
        document: Document,
        written: PlanFile,
        cluster: Cluster | None,
        cluster_document: Document | None,
    ) -> None:
        """Take a plan's written form; faulty entries are already taken out of it."""
        self.document = document
        self.written = written
        self.cluster = cluster or Cluster((), (), ())
        self.cluster_document = cluster_document

    def build(self) -> Plan:
        """The records; what they say can be relied on only when no document has a problem."""
        written = self.written
        self._known(written.where("host"), "host", written.host)
        self._known(written.where("to"), "release", written.to)
        steps = self._steps()
        return Plan(
            name=written.name or Path(self.document.source.file).stem,
            host=written.host,
            to_release=written.to,
            host_vm=self._host_vm(),
            steps=steps,
            faults=_faults(written.faults),
            guests=written.guests or "as given",
            cluster=self.cluster,
            assumptions=self._assumptions(),
            source=self.document.source.file,
            position=written.where(),
        )

    def _known(self, position: Position, kind: str, name: str) -> None:
        """Report a name that the cluster does not have; `kind` is the singular of a section's key."""
        if self.cluster_document is not None:
            self.document.report_unknown(position, kind, name, self.cluster_document.names_in(f"{kind}s"))

    def _steps(self) -> tuple[Step, ...]:
        """The steps in order; what each is about exists, is on this host, and is named once."""
        if not self.written.steps and "steps" not in self.document.lost:
            self.document.report(self.written.where("steps"), "an empty list", "at least one step")
        steps = StepOrder(self.document, self.written.steps).laid_out()
        first_line: dict[tuple[str, str | None], int] = {}
        for step in steps:
            what = (step.verb, step.target)
            if what in first_line and VERBS[step.verb].once:
                label = step.verb if step.target is None else f"{step.verb} {step.target}"
                expected = f"it once (line {first_line[what]} has it)"
                self.document.report(step.position, f"{quoted(label)} a second time", expected)
            first_line.setdefault(what, step.position.line)
            if step.target is not None:
                self._check_target(step, step.target)
        return steps

    def _check_target(self, step: Step, name: str) -> None:
        """The VM of a step exists, runs on the plan's host, and has as much memory as is to be reclaimed."""
        self._known(step.position, "vm", name)
        vm = self.cluster.vm_named.get(name)
        if vm is None:
            return
        if vm.host != self.written.host and not self.document.is_faulty(self.written.where("host")):
            found = f"the vm {quoted(name)}, which runs on {vm.host}"
            self.document.report(step.position, found, f"a VM of {self.written.host}")
        target_pages = (step.balloon_target_pages or 0) + (step.swap_target_pages or 0)
        if target_pages > vm.size_pages:
            expected = f"at most the size of {name}, {size_text(vm.size_pages)}"
            self.document.report(step.position, f"targets of {size_text(target_pages)}", expected)

    def _host_vm(self) -> HostVm:
        """The host VM, which is at least as large as the guest hypervisor in it."""
        entry = self.written.host_vm
        if entry.size < entry.guest_footprint or entry.size == 0:
            expected = f"more than the guest hypervisor in it takes, {size_text(entry.guest_footprint)}"
            self.document.report(entry.where("size"), size_text(entry.size), expected)
        return HostVm(
            size_pages=entry.size,
            guest_footprint_pages=entry.guest_footprint,
            vm_overhead_pages=entry.vm_overhead,
            overhead_pages=entry.overhead,
            position=entry.where(),
        )

    def _assumptions(self) -> tuple[str, ...]:
        """What the file says that was assumed, and that no faults means none."""
        said = list(self.written.assumptions or ())
        if self.written.faults is None:
            said.append("plan: no faults were given; the verdict is about runs without any")
        return tuple(said)


def _faults(entry: FaultsEntry | None) -> Faults:
    """The numbers of faults; none of a kind that is left out."""
    if entry is None:
        return Faults()
    return Faults(
        migration_aborted=entry.migration_aborted or 0,
        destination_killed=entry.destination_killed or 0,
        boot_failed=entry.boot_failed or 0,
        format_unreadable=entry.format_unreadable or 0,
        position=entry.where(),
    )
