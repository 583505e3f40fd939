"""The file form of the graph: canonical JSON, the same bytes for the same content."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from repowright.graph import rules
from repowright.graph.errors import GraphError, SchemaError, SchemaTooNew
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG
from repowright.graph.records import Edge, Node, Place

SCHEMA = "repowright.rpg/1"
_VERSION = 1
_NAMED_SCHEMA = re.compile(r"repowright\.rpg/(\d+)")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Place(_Record):
    path: str
    qualname: str = ""
    span: tuple[int, int] | None = None
    signature: str = ""


class _Node(_Record):
    id: str
    kind: NodeKind
    name: str
    feature: str = ""
    place: _Place | None = None
    state: State = State.PLANNED
    doc: str = ""
    tags: tuple[str, ...] = ()


class _Edge(_Record):
    src: str
    dst: str
    kind: EdgeKind
    name: str = ""
    data_type: str = ""
    transformation: str = ""
    lines: tuple[int, ...] = ()
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0


class _Graph(_Record):
    schema_: Literal["repowright.rpg/1"] = Field(alias="schema")
    nodes: tuple[_Node, ...]
    edges: tuple[_Edge, ...]


_GRAPH = TypeAdapter(_Graph)


def to_json(rpg: RPG) -> str:
    """Return the graph as canonical JSON.

    Keys and lists are sorted, values equal to their default are left out, text is not escaped beyond what
    JSON needs, and each node and edge has a line of its own so that two versions can be compared by line.
    """
    nodes = sorted(_line(_node_fields(node)) for node in rpg.nodes())
    edges = sorted(_line(_edge_fields(edge)) for edge in rpg.edges())
    head = json.dumps(SCHEMA)
    return f'{{"edges":[{_joined(edges)}],\n"nodes":[{_joined(nodes)}],\n"schema":{head}}}\n'


def from_json(text: str) -> RPG:
    """Return the graph that `to_json` wrote.

    Raises
    ------
    SchemaError
        If the text is not JSON, not a graph, or a graph that breaks an invariant.
    SchemaTooNew
        If a newer version wrote it.
    """
    parsed = _parse(text)
    ends: dict[str, str] = {}
    for edge in parsed.edges:
        if edge.kind is EdgeKind.CONTAINS and ends.setdefault(edge.dst, edge.src) != edge.src:
            raise SchemaError(f"the graph gives node {edge.dst!r} two parents", "restore the file or write it again")
    try:
        return _build(parsed, ends)
    except SchemaError:
        raise
    except GraphError as err:
        raise SchemaError(f"the graph breaks an invariant: {err.message}", err.hint) from err


def content_hash(rpg: RPG) -> str:
    """Return the SHA-256 of the canonical JSON, as 64 hex digits."""
    return hashlib.sha256(to_json(rpg).encode()).hexdigest()


def save(rpg: RPG, path: Path) -> None:
    """Write the graph to a file, all or nothing: a reader sees the old text or the new one."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(to_json(rpg))
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def load(path: Path) -> RPG:
    """Return the graph kept in a file.

    Raises
    ------
    SchemaError
        If the file cannot be read or holds no graph; the message names the file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as err:
        raise SchemaError(f"{path} cannot be read: {err}", "name a file that holds a graph") from err
    try:
        return from_json(text)
    except SchemaError as err:
        raise type(err)(f"{path}: {err.message}", err.hint) from err


def _parse(text: str) -> _Graph:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise SchemaError(f"the text is not JSON: {err}", "name a file that holds a graph") from err
    found = data.get("schema") if isinstance(data, dict) else None
    named = _NAMED_SCHEMA.fullmatch(found) if isinstance(found, str) else None
    if named is None:
        raise SchemaError(f"the text is JSON but no graph: its schema is {found!r}", f"expected {SCHEMA!r}")
    if int(named[1]) > _VERSION:
        raise SchemaTooNew(f"the graph has schema {found!r}, written by a newer version", "upgrade repowright")
    try:
        return _GRAPH.validate_json(text, strict=True)
    except ValidationError as err:
        raise SchemaError(f"the graph has a wrong shape: {_first(err)}", f"expected {SCHEMA!r}") from err


def _first(err: ValidationError) -> str:
    fault = err.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"


def _build(parsed: _Graph, parents: dict[str, str]) -> RPG:
    rpg = RPG()
    waiting: dict[str | None, list[Node]] = {}
    for record in parsed.nodes:
        waiting.setdefault(parents.get(record.id), []).append(_node(record))
    ready: list[str | None] = [None]
    while ready:
        parent = ready.pop()
        for node in waiting.pop(parent, ()):
            ready.append(rpg.attach(node, parent).id)
    if waiting:
        stranded = min(node.id for nodes in waiting.values() for node in nodes)
        raise SchemaError(f"node {stranded!r} does not hang below the repository", "restore the file")
    if not len(rpg):
        raise SchemaError("the graph has no repository", "restore the file or write it again")
    _connect(rpg, parsed)
    return rpg


def _connect(rpg: RPG, parsed: _Graph) -> None:
    for edge in parsed.edges:
        if edge.kind is EdgeKind.CONTAINS:
            rpg.node(edge.dst)
            continue
        rpg.connect(
            edge.src,
            edge.dst,
            edge.kind,
            name=edge.name,
            data_type=edge.data_type,
            transformation=edge.transformation,
            lines=edge.lines,
            confidence=edge.confidence,
        )


def _node(record: _Node) -> Node:
    at = record.place
    place = None if at is None else Place(at.path, at.qualname, at.span, at.signature)
    node = Node(record.id, record.kind, record.name, record.feature, place, record.state, record.doc, record.tags)
    return replace(rules.clean(node), id=record.id)


def _node_fields(node: Node) -> dict[str, object]:
    fields: dict[str, object] = {"id": node.id, "kind": node.kind.value, "name": node.name}
    place = node.place and _filled(
        path=node.place.path,
        qualname=node.place.qualname,
        span=node.place.span,
        signature=node.place.signature,
    )
    state = "" if node.state is State.PLANNED else node.state.value
    return fields | _filled(feature=node.feature, place=place, state=state, doc=node.doc, tags=node.tags)


def _edge_fields(edge: Edge) -> dict[str, object]:
    fields: dict[str, object] = {"src": edge.src, "dst": edge.dst, "kind": edge.kind.value}
    if edge.confidence != 1.0:
        fields["confidence"] = edge.confidence
    return fields | _filled(
        name=edge.name, data_type=edge.data_type, transformation=edge.transformation, lines=edge.lines
    )


def _filled(**fields: object) -> dict[str, object]:
    return {key: value for key, value in fields.items() if value}


def _line(fields: dict[str, object]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _joined(lines: list[str]) -> str:
    return "\n" + ",\n".join(lines) + "\n" if lines else ""
