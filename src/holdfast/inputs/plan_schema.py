"""The written form of a plan."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from .entry import Entry, StandIn
from .fields import Count, Name, Names, OneName, Positive, Sentence, SizePages, choice, integer
from .problems import did_you_mean, quoted
from .scalars import read_sentence, refusal
from .verbs import VERBS, Takes, verbs_taking
from .yaml_nodes import Mapping, Node, Scalar, Sequence, describe

FORMAT = 1
STEPS_MAX = 4096
_BARE_VERBS = verbs_taking(Takes.NOTHING)


class ReclaimEntry(Entry):
    """The targets that a reclaim step sets for one VM."""

    called: ClassVar[str] = "a reclaim step"
    vm: Name = Field(description="the VM whose targets are set")
    balloon: SizePages | None = Field(None, description="how much of the VM is to be ballooned in all")
    swap: SizePages | None = Field(None, description="how much of the VM is to be swapped out in all")

    @model_validator(mode="after")
    def _has_a_target(self) -> "ReclaimEntry":
        if self.balloon is None and self.swap is None:
            raise refusal("a reclaim step without a target", "`balloon`, `swap` or both")
        return self


class StepForm(Entry):
    """What a step has, inside a `together` or not; how many VMs a verb takes differs."""

    called: ClassVar[str] = "a step"
    words: ClassVar[tuple[str, ...]] = _BARE_VERBS
    key_hints: ClassVar[dict[str, str]] = {
        verb: f"this step is about the whole machine: write `- {verb}`, or `do: {verb}` beside `name` and `after`"
        for verb in _BARE_VERBS
    }
    name: Name | None = Field(None, description="what `after` calls the step")
    do: Annotated[str, *choice(*_BARE_VERBS)] | None = Field(
        None, description="a step about the whole machine, where it has a name or waits for particular steps"
    )
    reclaim: ReclaimEntry | None = Field(None, description=VERBS["reclaim"].sentence)

    @classmethod
    def normalised(cls, node: Node) -> Node:
        """A bare word is short for `do:`."""
        if not isinstance(node, Scalar):
            return node
        _refuse_incomplete(node)
        full = Mapping(node.position)
        full["do"] = node
        return full

    @classmethod
    def kinds(cls) -> tuple[str, ...]:
        """The keys of which a step has exactly one."""
        return tuple(key for key in cls.model_fields if key not in ("name", "after", "at_most"))

    @model_validator(mode="after")
    def _has_one_kind(self) -> "StepForm":
        given = [key for key in self.kinds() if getattr(self, key) is not None]
        if len(given) != 1:
            found = " and ".join(quoted(key) for key in given) or "a step that does nothing"
            raise refusal(found, f"exactly one of {', '.join(quoted(kind) for kind in self.kinds())}")
        return self

    def vms_by_verb(self) -> tuple[str, list[str]] | None:
        """The verb of the table that takes VMs, with the VMs, or None when the step is of another kind."""
        given = ((verb, getattr(self, verb)) for verb in verbs_taking(Takes.VM))
        return next(((verb, names) for verb, names in given if names is not None), None)

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """A step has exactly one verb."""
        return cls.with_words(core, handler, oneOf=[{"required": [kind]} for kind in cls.kinds()])


def _refuse_incomplete(node: Scalar) -> None:
    """Say what to write when a bare word is no step by itself."""
    if node.text in _BARE_VERBS:
        return
    word = node.text.split(" ")[0].rstrip(":")
    if word in VERBS and VERBS[word].takes is not Takes.NOTHING:
        example = f"{word}: web1" if VERBS[word].takes is Takes.VM else f"{word}: {{vm: web1, balloon: 4GiB}}"
        raise refusal(describe(node), f"a step such as `{example}`", f"{word} is about a VM")
    near = did_you_mean(node.text, VERBS)
    raise refusal(describe(node), f"a step: {', '.join(f'`{verb}`' for verb in VERBS)} or `together`", near)


class MemberEntry(StepForm):
    """A step inside `together`: about one VM or the whole machine."""

    consolidate: OneName | None = Field(None, description=VERBS["consolidate"].sentence)
    disassociate: OneName | None = Field(None, description=VERBS["disassociate"].sentence)


class StepEntry(StepForm):
    """An entry of a plan's `steps`: one step, or several side by side."""

    consolidate: Names | None = Field(None, description=VERBS["consolidate"].sentence + " A list: side by side.")
    disassociate: Names | None = Field(None, description=VERBS["disassociate"].sentence + " A list: side by side.")
    together: list[MemberEntry] | None = Field(None, min_length=1, description="steps that run side by side")
    after: list[Name] | None = Field(None, description="the steps it waits for; else everything written before it")
    at_most: Positive | None = Field(None, description="how many of a list of VMs at a time, in the order given")

    def has_list_of_vms(self) -> bool:
        """Whether VMs were written as a list, even as a list of one."""
        node = self._node
        return isinstance(node, Mapping) and any(isinstance(node.get(v), Sequence) for v in verbs_taking(Takes.VM))


class HostVmEntry(Entry):
    """The VM that carries the guest hypervisor."""

    called: ClassVar[str] = "a host VM"
    size: SizePages = Field(description="how much memory the host VM sees")
    guest_footprint: SizePages = Field(description="what the guest hypervisor itself takes inside the host VM")
    vm_overhead: SizePages = Field(description="what the guest hypervisor takes for every VM, inside the host VM")
    overhead: SizePages = Field(description="what the outer hypervisor needs for the host VM, outside it")


class FaultsEntry(Entry):
    """How many faults of each kind the plan must survive."""

    called: ClassVar[str] = "faults"
    migration_aborted: Count | None = Field(None, description="migrations that either side aborts")
    destination_killed: Count | None = Field(None, description="migrations whose destination is killed")
    boot_failed: Count | None = Field(None, description="boots of the new hypervisor that fail")
    format_unreadable: Count | None = Field(None, description="hand-off maps that the new hypervisor cannot read")


class PlanFile(Entry):
    """A plan: the exchange of one host's hypervisor, step by step."""

    called: ClassVar[str] = "a plan"
    stand_ins: ClassVar[dict[str, StandIn]] = {
        "cluster": "?",
        "host": "?",
        "to": "?",
        "host_vm": {"size": "0", "guest_footprint": "0", "vm_overhead": "0", "overhead": "0"},
        "steps": [],
    }
    plan: Annotated[int, *integer(FORMAT, FORMAT)] = Field(description="the version of this format, which is 1")
    name: Name | None = Field(None, description="what reports call the plan; the file's name when left out")
    cluster: Annotated[str, BeforeValidator(read_sentence), WithJsonSchema({"type": "string"})] = Field(
        description="the cluster's file, relative to the plan"
    )
    host: Name = Field(description="the host whose hypervisor is exchanged")
    to: Name = Field(description="the release that is to run afterwards")
    host_vm: HostVmEntry = Field(description="the VM that carries the guest hypervisor")
    faults: FaultsEntry | None = Field(None, description="how many faults the plan must survive; none when left out")
    guests: Annotated[Literal["as given", "unbounded"], *choice("as given", "unbounded")] | None = Field(
        None, description="whether guests drift as the cluster says (`as given`) or without any bound"
    )
    assumptions: list[Sentence] | None = Field(None, description="what was assumed when the file was made")
    steps: list[StepEntry] = Field(
        description="what is done, in this order", json_schema_extra={"minItems": 1, "maxItems": STEPS_MAX}
    )
