"""The kinds of value that input files hold: each a strict reader for the loader and a JSON Schema for editors."""

from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

from .scalars import (
    INTEGER_DIGITS_MAX,
    NAME_LENGTH_MAX,
    read_boolean,
    read_choice,
    read_integer,
    read_name,
    read_percent,
    read_sentence,
    read_size,
)
from .sizes import SIZE_PATTERN
from .yaml_nodes import Node, Scalar, Sequence

_INTEGER_MAX = 10**INTEGER_DIGITS_MAX - 1
_NAME_SCHEMA: dict[str, Any] = {"type": "string", "minLength": 1, "maxLength": NAME_LENGTH_MAX}
_SIZE_SCHEMA: dict[str, Any] = {"anyOf": [{"const": 0}, {"type": "string", "pattern": f"^0$|{SIZE_PATTERN}"}]}


def integer(least: int, most: int = _INTEGER_MAX) -> tuple[BeforeValidator, WithJsonSchema]:
    """A whole number between two bounds, both included."""
    return (
        BeforeValidator(lambda node: read_integer(node, least, most)),
        WithJsonSchema({"type": "integer", "minimum": least, "maximum": most}),
    )


def choice(*words: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """One of a few words."""
    return (BeforeValidator(lambda node: read_choice(node, words)), WithJsonSchema({"enum": list(words)}))


def _one_or_more(node: Node) -> Node:
    """A single name is a list of one."""
    return Sequence(node.position, [node]) if isinstance(node, Scalar) else node


Name = Annotated[str, BeforeValidator(read_name), WithJsonSchema(_NAME_SCHEMA)]
Names = Annotated[
    list[Name],
    BeforeValidator(_one_or_more),
    WithJsonSchema({"anyOf": [_NAME_SCHEMA, {"type": "array", "items": _NAME_SCHEMA, "minItems": 1}]}),
]
OneName = Annotated[list[Name], BeforeValidator(lambda node: [node]), WithJsonSchema(_NAME_SCHEMA)]
Sentence = Annotated[str, BeforeValidator(read_sentence), WithJsonSchema({"type": "string", "minLength": 1})]
SizePages = Annotated[int, BeforeValidator(read_size), WithJsonSchema(_SIZE_SCHEMA)]
Percent = Annotated[
    int, BeforeValidator(read_percent), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,3}%$"})
]
Boolean = Annotated[bool, BeforeValidator(read_boolean)]
Count = Annotated[int, *integer(0)]
Positive = Annotated[int, *integer(1)]
