"""The C project as the graph has it; what the compiler said of it is kept, so that no sitting asks it twice."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import ormsgpack

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.workflows.translate.encoding import EncodedC, confirmed
from repowright.agent.workflows.translate.preprocessing import Compiled, preprocess
from repowright.executors import Sandbox
from repowright.graph.encode.encoded import encode
from repowright.repo_tools.c_source.project import CProject
from repowright.repo_tools.snapshot import MemorySnapshot

_TEXT = "surrogateescape"


def compile_all(project: CProject, sandbox: Sandbox, store: ArtifactStore) -> str:
    """Run the preprocessor over a project and return the address of what it said.

    Raises
    ------
    NoCompiler, SandboxError
        If the compiler cannot be run.
    """
    rows = [{**asdict(each), "text": each.text.encode("utf-8", _TEXT)} for each in preprocess(project, sandbox)]
    return store.put(zlib.compress(ormsgpack.packb(rows), 1))


def survey(project: CProject, compiled: str, store: ArtifactStore, folder: Path) -> EncodedC:
    """Encode a project from what the compiler said of it.

    Parameters
    ----------
    compiled
        Address that `compile_all` returned.
    folder
        Where the graph of the raw text is stored.

    Raises
    ------
    RunDamaged
        If the address holds nothing.
    GraphError
        If the graph cannot be stored.
    """
    graph = encode(MemorySnapshot(project.files, project.name), folder / "encoded.rpg", ("c",)).graph()
    return confirmed(project, graph, _compiled(store.get(compiled)))


def _compiled(packed: bytes) -> Sequence[Compiled]:
    rows = ormsgpack.unpackb(zlib.decompress(packed))
    return [_row(row) for row in rows]


def _row(row: dict[str, Any]) -> Compiled:
    data = row.pop("text")
    assert isinstance(data, bytes)
    listed = {name: tuple(value) for name, value in row.items() if isinstance(value, list)}
    return Compiled(**{**row, **listed, "text": data.decode("utf-8", _TEXT)})
