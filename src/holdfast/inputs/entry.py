"""What every pydantic model of the input files shares: strictness, memory of where it was written, and its problems."""

from typing import Any, ClassVar, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationError,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from .positions import NOWHERE, Position
from .problems import Problem, Source, did_you_mean, one_of, quoted
from .yaml_nodes import Mapping, Node, Scalar, Sequence, describe

Path = tuple[int | str, ...]
StandIn = str | list[Any] | dict[str, str]


class Entry(BaseModel):
    """One mapping of an input file; unknown keys and silent conversions are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    called: ClassVar[str] = "entry"
    """What a problem calls it: "a VM without `size`"."""
    words: ClassVar[tuple[str, ...]] = ()
    """The words that may stand for the whole mapping."""
    key_hints: ClassVar[dict[str, str]] = {}
    """Advice for particular unknown keys."""
    stand_ins: ClassVar[dict[str, StandIn]] = {}
    """What takes the place of a faulty value while the rest of a file is checked."""

    _node: Node = PrivateAttr(default_factory=lambda: Mapping(NOWHERE))

    @model_validator(mode="wrap")
    @classmethod
    def _remember_node(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Keep the node, so that later checks can point at it."""
        node: Node = data
        entry = handler(cls.normalised(node))
        entry._node = node
        return entry

    @classmethod
    def normalised(cls, node: Node) -> Node:
        """The node in its full form; models that have a short form override this."""
        return node

    @property
    def is_word(self) -> bool:
        """Whether a single word stands for the mapping."""
        return isinstance(self._node, Scalar)

    @classmethod
    def with_words(cls, core: CoreSchema, handler: GetJsonSchemaHandler, **more: Any) -> JsonSchemaValue:
        """The JSON Schema of the mapping, or one of the words."""
        schema = handler(core)
        full = handler.resolve_ref_schema(schema)
        mapping = {**full, **more}
        full.clear()
        full.update({"anyOf": [{"enum": list(cls.words)}, mapping]} if cls.words else mapping)
        return schema

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The mapping or a word; models with more to say override this."""
        return cls.with_words(core, handler)

    def where(self, key: str = "") -> Position:
        """Where the value of a key stands, or the entry itself when it has no such key."""
        value = self._node.get(key) if isinstance(self._node, Mapping) else None
        return (self._node if value is None else value).position

    def where_item(self, key: str, index: int) -> Position:
        """Where an item of a list stands; a list that was written as a single value is that value."""
        value = self._node.get(key) if isinstance(self._node, Mapping) else None
        return value[index].position if isinstance(value, Sequence) else self.where(key)


def problems_of(
    error: ValidationError, root: Mapping, source: Source, model: type[Entry]
) -> list[tuple[Path, Problem]]:
    """Every error of a validation as a problem with its position, with the path at which it was found."""
    details = error.errors(include_url=False, include_input=False)
    return [(detail["loc"], _problem(detail, root, source, model)) for detail in details]


def _problem(detail: ErrorDetails, root: Mapping, source: Source, model: type[Entry]) -> Problem:
    """One error as a problem."""
    path = detail["loc"]
    node = node_at(root, path)
    if detail["type"] == "refused":
        context = detail.get("ctx", {})
        return source.problem(node.position, context["found"], context["expected"], context["hint"])
    if detail["type"] == "extra_forbidden":
        return _unknown_key(str(path[-1]), node_at(root, path[:-1]), source, model_at(model, path[:-1]))
    if detail["type"] == "missing":
        return _missing_key(str(path[-1]), node, source, model_at(model, path[:-1]))
    if detail["type"] == "list_type":
        return source.problem(node.position, describe(node), "a list")
    if detail["type"] in ("too_short", "too_long"):
        context = detail.get("ctx", {})
        bound = f"at least {context['min_length']}" if "min_length" in context else f"at most {context['max_length']}"
        return source.problem(node.position, f"a list of {len(node) if isinstance(node, Sequence) else 0}", bound)
    keys = ", ".join(quoted(key) for key in model_at(model, path).model_fields)
    return source.problem(node.position, describe(node), f"a mapping with the keys {keys}")


def _unknown_key(key: str, parent: Node, source: Source, model: type[Entry]) -> Problem:
    position = parent.key_positions.get(key, parent.position) if isinstance(parent, Mapping) else parent.position
    known = list(model.model_fields)
    hint = model.key_hints.get(key) or did_you_mean(key, known)
    return source.problem(position, f"the key {quoted(key)}", one_of(quoted(name) for name in known), hint)


def _missing_key(key: str, parent: Node, source: Source, model: type[Entry]) -> Problem:
    expected = f"`{key}`: {model.model_fields[key].description}"
    return source.problem(parent.position, f"{model.called} without `{key}`", expected)


def node_at(root: Node, path: Path) -> Node:
    """The node at a path, or the nearest one around it."""
    node = root
    for key in path:
        inner = _child(node, key)
        if inner is None:
            break
        node = inner
    return node


def _child(node: Node, key: int | str) -> Node | None:
    if isinstance(node, Mapping) and isinstance(key, str):
        return node.get(key)
    if isinstance(node, Sequence) and isinstance(key, int) and key < len(node):
        return node[key]
    return None


def model_at(model: type[Entry], path: Path) -> type[Entry]:
    """The model that describes the node at a path."""
    for key in path:
        if isinstance(key, str) and key in model.model_fields:
            model = _entry_in(model.model_fields[key].annotation) or model
    return model


def _entry_in(annotation: Any) -> type[Entry] | None:
    """The first model inside an annotation such as `list[VmEntry] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        return annotation
    return next((found for arg in get_args(annotation) if (found := _entry_in(arg))), None)
