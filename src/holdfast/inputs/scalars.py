"""Strict reading of one value. What YAML 1.1 would turn into something else is refused, with what to write instead."""

import re

from pydantic_core import PydanticCustomError

from .problems import did_you_mean, one_of
from .sizes import BadSize, parse_size
from .yaml_nodes import Scalar, describe

NAME_LENGTH_MAX = 128
INTEGER_DIGITS_MAX = 15

_INTEGER = re.compile(r"^(0|-?[1-9][0-9]*)$")
_PERCENT = re.compile(r"^([1-9][0-9]{0,3})%$")
_TRAPS = (
    (re.compile(r"^(y|yes|n|no|true|false|on|off)$", re.IGNORECASE), "a truth value"),
    (re.compile(r"^(~|null|)$", re.IGNORECASE), "nothing at all"),
    (re.compile(r"^[-+]?0[0-7_]+$|^[-+]?0o[0-7_]+$"), "an octal number"),
    (re.compile(r"^[-+]?0[xX][0-9a-fA-F_]+$"), "a hexadecimal number"),
    (re.compile(r"^[-+]?0b[01_]+$"), "a binary number"),
    (re.compile(r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$"), "a number to base 60"),
    (re.compile(r"^[-+]?(\.inf|\.nan)$|^\.nan$", re.IGNORECASE), "a number"),
    (re.compile(r"^[-+]?(\.[0-9_]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?$"), "a number"),
    (re.compile(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$"), "a date"),
)
_YES = re.compile(r"^(y|yes|on|1|true)$", re.IGNORECASE)
_NO = re.compile(r"^(n|no|off|0|false)$", re.IGNORECASE)


def refusal(found: str, expected: str, hint: str = "") -> PydanticCustomError:
    """The error that `problems_of` turns back into a problem."""
    return PydanticCustomError("refused", "refused", {"found": found, "expected": expected, "hint": hint})


def trap(text: str) -> str | None:
    """What YAML 1.1 or 1.2 may read an unquoted text as, or None where it stays text."""
    return next((meaning for pattern, meaning in _TRAPS if pattern.match(text)), None)


def is_safe_text(text: str) -> bool:
    """Whether a text is a usable name: printable, not blank at either end, not overlong."""
    return 0 < len(text) <= NAME_LENGTH_MAX and text.isprintable() and text == text.strip()


def _scalar(node: object, expected: str) -> Scalar:
    if not isinstance(node, Scalar):
        raise refusal(describe(node), expected)
    return node


def read_name(node: object) -> str:
    """A name: text that no reader of YAML takes for something else."""
    scalar = _text(node, "a name")
    if not is_safe_text(scalar.text):
        raise refusal(describe(scalar), f"a name of 1 to {NAME_LENGTH_MAX} printable characters")
    return scalar.text


def read_sentence(node: object) -> str:
    """A sentence of any length that a terminal can print."""
    scalar = _text(node, "a sentence")
    if not scalar.text.strip() or not scalar.text.isprintable():
        raise refusal(describe(scalar), "a sentence on one line")
    return scalar.text


def _text(node: object, expected: str) -> Scalar:
    scalar = _scalar(node, expected)
    if scalar.plain and not scalar.text:
        raise refusal("nothing", expected)
    meaning = trap(scalar.text) if scalar.plain else None
    if meaning is not None:
        hint = f'if it is a name, put it in quotes: "{scalar.text}"'
        raise refusal(f"{describe(scalar)}, which YAML may read as {meaning}", expected, hint)
    return scalar


def read_choice(node: object, choices: tuple[str, ...]) -> str:
    """One of a few words."""
    expected = one_of(f"`{choice}`" for choice in choices)
    scalar = _scalar(node, expected)
    if scalar.text not in choices:
        raise refusal(describe(scalar), expected, did_you_mean(scalar.text, choices))
    return scalar.text


def read_integer(node: object, least: int, most: int) -> int:
    """A whole number in decimal digits, not in quotes."""
    expected = f"a whole number from {least}" + (f" to {most}" if most < 10**INTEGER_DIGITS_MAX - 1 else "")
    scalar = _scalar(node, expected)
    if not scalar.plain or not _INTEGER.match(scalar.text):
        raise refusal(describe(scalar), expected, _integer_advice(scalar))
    if len(scalar.text) > INTEGER_DIGITS_MAX or not least <= int(scalar.text) <= most:
        too_long = len(scalar.text) > INTEGER_DIGITS_MAX
        raise refusal(describe(scalar), expected, f"at most {INTEGER_DIGITS_MAX} digits" if too_long else "")
    return int(scalar.text)


def _integer_advice(scalar: Scalar) -> str:
    if not scalar.plain:
        return "write it without quotes" if _INTEGER.match(scalar.text) else ""
    meaning = trap(scalar.text)
    return f"YAML may read this as {meaning}; write decimal digits only" if meaning and scalar.text else ""


def read_boolean(node: object) -> bool:
    """`true` or `false`, and no other spelling."""
    scalar = _scalar(node, "`true` or `false`")
    if scalar.plain and scalar.text in ("true", "false"):
        return scalar.text == "true"
    meant = "true" if _YES.match(scalar.text) else "false" if _NO.match(scalar.text) else ""
    raise refusal(describe(scalar), "`true` or `false`", f"write `{meant}`" if meant else "")


def read_size(node: object) -> int:
    """A size, in pages."""
    scalar = _scalar(node, "a size such as `16GiB`")
    try:
        return parse_size(scalar.text)
    except BadSize as error:
        raise refusal(describe(scalar), error.expected, error.hint) from None


def read_percent(node: object) -> int:
    """A percentage such as `100%`."""
    expected = "a percentage such as `100%`"
    scalar = _scalar(node, expected)
    match = _PERCENT.match(scalar.text)
    if match is None:
        hint = f"write `{scalar.text}%`" if _INTEGER.match(scalar.text) and len(scalar.text) < 5 else ""
        raise refusal(describe(scalar), expected, hint)
    return int(match[1])
