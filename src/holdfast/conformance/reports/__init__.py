"""A verdict in the formats of others: JUnit XML, SARIF 2.1.0, GitHub annotations, TAP 14; as JSON, and as text for people.

Each is a function from a verdict to text. All of them say of a known deviation why it is accepted, and until when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from ..verdicts import Verdict
from .github import github
from .junit import junit
from .record import as_json
from .sarif import sarif
from .tap import tap

REPORTS: Mapping[str, Callable[[Verdict, str | None], str]] = MappingProxyType(
    {"junit": junit, "sarif": sarif, "github": github, "tap": tap, "json": as_json}
)
"""By name. The second argument is the file that annotations point to, if there is one."""
