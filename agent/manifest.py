"""The manifest of a run: what it is, said in one small file."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged
from repowright.agent.graph_origin import GraphOrigin
from repowright.agent.settings import RunSettings

MANIFEST = "manifest.json"
FORMAT = "repowright.run"
FORMAT_VERSION = 1

Workflow = Literal["generate", "evaluate", "resolve", "chat", "translate"]
"""What a run does; one without the word, from before there were two, generates."""

Status = Literal["running", "done", "failing", "stopped", "interrupted", "error", "budget"]


class Manifest(BaseModel):
    """What a run folder, or a recording, says about itself."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    schema_name: str = Field(default=f"{FORMAT}/{FORMAT_VERSION}", alias="schema")
    version: str = Field(default_factory=lambda: version("repowright"))
    """The version of the program that made the run."""
    workflow: Workflow = "generate"
    id: str
    created: float
    """Seconds since the epoch."""
    title: str
    spec_hash: str
    spec_origin: str = ""
    settings: RunSettings
    out: str = ""
    status: Status = "running"
    replay: str = ""
    """The recording the answers come from; empty when a model is asked."""
    from_graph: GraphOrigin | None = None
    """The graph the plan comes from; ``None`` for one that was planned from the specification alone."""


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest atomically."""
    text = json.dumps(manifest.model_dump(by_alias=True), indent=2, sort_keys=True, ensure_ascii=False)
    write_atomically(folder / MANIFEST, f"{text}\n".encode())


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run or recording.

    Raises
    ------
    RunDamaged
        If it is missing, not a manifest, or of a newer version.
    """
    path = folder / MANIFEST
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except OSError as err:
        raise RunDamaged(f"{folder} is no run: it has no readable {MANIFEST}", "see repowright runs list") from err
    except ValueError as err:
        raise RunDamaged(f"{path} is not JSON", "restore it from a copy, or remove the run") from err
    _check_format(path, body)
    try:
        return Manifest.model_validate(body)
    except ValidationError as err:
        name = ".".join(str(part) for part in err.errors()[0]["loc"])
        raise RunDamaged(f"{path} is not a manifest: {name} does not fit", "restore it from a copy") from err


def _check_format(path: Path, body: object) -> None:
    schema = body.get("schema") if isinstance(body, dict) else None
    name, _, number = str(schema).partition("/")
    if name != FORMAT or not number.isdecimal():
        raise RunDamaged(f"{path} is not the manifest of a run", "see repowright runs list")
    if int(number) > FORMAT_VERSION:
        raise RunDamaged(f"{path} was written by a newer version ({schema})", "upgrade repowright")
