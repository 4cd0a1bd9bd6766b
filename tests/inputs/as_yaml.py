"""Data as YAML text; the stubs of the library leave the type of its writer partly open."""

from __future__ import annotations

from collections.abc import Callable

import yaml

to_yaml: Callable[..., str] = getattr(yaml, "safe_dump")  # noqa: B009 - see above
"""`yaml.safe_dump`."""
