"""The door: `load_cluster` and `load_plan`, from a file to records, or to every problem at once."""

from dataclasses import dataclass
from pathlib import Path

from . import cluster_schema, plan_schema
from .build_cluster import ClusterBuilder
from .build_plan import PlanBuilder
from .cluster_schema import ClusterFile
from .document import Document, document_of
from .plan_schema import PlanFile
from .problems import BadInput, Problem, Source, quoted
from .records import Cluster, Plan
from .yaml_nodes import NoFile, Unreadable, read_source


def load_cluster(path: Path | str) -> Cluster:
    """The cluster in a YAML or JSON file; raises BadInput with everything that is wrong in it."""
    return cluster_from(_source(Path(path)))


def load_plan(path: Path | str) -> Plan:
    """The plan in a YAML or JSON file, with its cluster; raises BadInput with what is wrong in either."""
    return plan_from(_source(Path(path)))


def cluster_from(source: Source) -> Cluster:
    """The cluster in a text; raises BadInput."""
    draft = _draft_cluster(source)
    if draft.problems or draft.cluster is None:
        raise BadInput(draft.problems)
    return draft.cluster


def plan_from(source: Source) -> Plan:
    """The plan in a text, whose cluster is looked for beside `source.file`; raises BadInput."""
    try:
        document = document_of(source, "plan", plan_schema.FORMAT)
    except Unreadable as error:
        raise BadInput([error.problem]) from None
    written = document.validated(PlanFile)
    draft = _cluster_of(document, written) if written else _ClusterDraft()
    plan = PlanBuilder(document, written, draft.cluster, draft.document).build() if written else None
    if document.problems or draft.problems or plan is None:
        raise BadInput([*document.problems, *draft.problems])
    return plan


@dataclass(frozen=True)
class _ClusterDraft:
    """As much of a cluster as could be read, and what is wrong with it."""

    document: Document | None = None
    cluster: Cluster | None = None
    problems: tuple[Problem, ...] = ()


def _source(path: Path) -> Source:
    try:
        return read_source(path)
    except Unreadable as error:
        raise BadInput([error.problem]) from None


def _draft_cluster(source: Source) -> _ClusterDraft:
    try:
        document = document_of(source, "cluster", cluster_schema.FORMAT)
    except Unreadable as error:
        return _ClusterDraft(problems=(error.problem,))
    written = document.validated(ClusterFile)
    cluster = ClusterBuilder(document, written).build() if written else None
    return _ClusterDraft(document, cluster, tuple(document.problems))


def _cluster_of(plan: Document, written: PlanFile) -> _ClusterDraft:
    """The cluster that a plan names; that there is no such file is the plan's problem."""
    position = written.where("cluster")
    if plan.is_faulty(position):
        return _ClusterDraft()
    path = Path(plan.source.file).parent / written.cluster
    try:
        return _draft_cluster(read_source(path))
    except NoFile as error:
        found = f"{error.problem.found} at {quoted(str(path))}"
        plan.report(position, found, "the cluster's file, relative to the plan")
        return _ClusterDraft()
    except Unreadable as error:
        return _ClusterDraft(problems=(error.problem,))
