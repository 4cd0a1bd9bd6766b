"""The published JSON Schemas, generated from the models that the loader itself uses.

`python -m holdfast.inputs.schema FOLDER` writes `cluster.schema.json` and `plan.schema.json`; a test holds the shipped
files against what is generated.
"""

import json
import sys
from pathlib import Path

from .cluster_schema import ClusterFile
from .entry import Entry
from .plan_schema import PlanFile

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMAS: dict[str, type[Entry]] = {"cluster.schema.json": ClusterFile, "plan.schema.json": PlanFile}


def schema_text(file_name: str) -> str:
    """The text of one of the SCHEMAS."""
    generated = SCHEMAS[file_name].model_json_schema()
    schema = {"$schema": _DIALECT, "title": f"Holdfast {file_name.split('.')[0]}", **_tidy(generated)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write every schema into a folder."""
    for file_name in SCHEMAS:
        (folder / file_name).write_text(schema_text(file_name), encoding="utf-8")


def _tidy(schema: dict[str, Json]) -> dict[str, Json]:
    """Without `null` (a key is left out, never null), and without titles and defaults that only repeat the key."""
    tidy = {key: _tidy_value(value) for key, value in schema.items() if not _is_noise(key, value)}
    options = tidy.get("anyOf")
    if isinstance(options, list) and len(options) == 1 and isinstance(options[0], dict):
        del tidy["anyOf"]
        tidy = {**options[0], **tidy}
    return tidy


def _tidy_value(value: Json) -> Json:
    if isinstance(value, dict):
        return _tidy(value)
    if isinstance(value, list):
        return [_tidy_value(item) for item in value if item != {"type": "null"}]
    return value


def _is_noise(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
