"""Records of proofs: which plan, cluster and assumptions a verdict was about, by content, so that only these are run.

A record says what `verify` found; it proves nothing to somebody who does not trust whoever wrote it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from .checkers.verdict import Holds
from .impl.journal import Identity
from .inputs.positions import Position
from .inputs.problems import BadInput, Problem
from .inputs.records import Plan

FORMAT = 1


@dataclass(frozen=True)
class Proof:
    """That a plan holds: hashes of the bytes of its file and its cluster's, and of the assumptions; by which version."""

    proof: int
    verdict: str
    plan: str
    cluster: str
    assumptions: str
    version: str
    how: str
    properties: tuple[str, ...]


def identity_of(plan: Plan, assumptions: Iterable[str]) -> Identity:
    """The hashes that bind a proof, or a journal, to what it is of."""
    said = "\n".join(assumptions).encode()
    return Identity(_hash(Path(plan.source).read_bytes()), _hash(Path(plan.cluster.source).read_bytes()), _hash(said))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def version() -> str:
    """The version of Holdfast that is installed; "unknown" where it is run from its sources."""
    from importlib import metadata

    try:
        return metadata.version("holdfast")
    except metadata.PackageNotFoundError:
        return "unknown"


def proof_of(identity: Identity, verdict: Holds) -> Proof:
    """The record of a verdict."""
    return Proof(FORMAT, "Holds", **asdict(identity), version=version(), how=verdict.how, properties=verdict.properties)


def write_proof(file: Path, proof: Proof) -> None:
    """Write the record. Raises BadInput for a file that cannot be written."""
    try:
        file.write_text(json.dumps(asdict(proof), indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise _bad(file, f"a file that cannot be written ({error.strerror})", "a place for the proof") from None


def check_proof(file: Path, identity: Identity) -> None:
    """See that the record is of exactly this. Raises BadInput with all that differs."""
    said = _read(file)
    wanted = {"proof": FORMAT, "verdict": "Holds", **asdict(identity), "version": version()}
    differing = [name for name, value in wanted.items() if said.get(name) != value]
    if differing:
        found = f"a proof of something else: by content, it differs in {', '.join(differing)}"
        raise _bad(file, found, "the proof that `holdfast verify PLAN --proof FILE` writes for the plan as it is now")


def _read(file: Path) -> dict[str, object]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(file, f"a file that cannot be read ({error.strerror})", "a proof") from None
    except ValueError:
        raise _bad(file, "no JSON", "a proof, as `holdfast verify PLAN --proof FILE` writes it") from None
    if not isinstance(said, dict):
        raise _bad(file, "no JSON object", "a proof, as `holdfast verify PLAN --proof FILE` writes it")
    return said  # pyright: ignore[reportUnknownVariableType] - keys of JSON objects are strings


def _bad(file: Path, found: str, expected: str) -> BadInput:
    return BadInput([Problem(Position(str(file), 0, 0), found, expected)])
