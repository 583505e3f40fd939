"""The canonical JSON of a stored graph, written straight from its rows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from json.encoder import encode_basestring
from pathlib import Path

import ormsgpack

from repowright.graph.encode.assembly import damage_told, repository_name, root_id, root_tags
from repowright.graph.encode.edges import edge_columns, kind_name
from repowright.graph.encode.nodes import NodeRow
from repowright.graph.encode.skeleton import group_nodes
from repowright.graph.encode.soundness import Soundness
from repowright.graph.errors import StoreError
from repowright.graph.kinds import NodeKind, State
from repowright.graph.store import Store

_SCHEMA = '"repowright.rpg/1"'
_STATE = State.IMPLEMENTED.value
_text = encode_basestring


def export_json(store: Store, path: Path) -> None:
    """Write the graph that a store holds as canonical JSON, all or nothing.

    The bytes are those of `repowright.graph.serial.to_json` of the loaded graph.

    Raises
    ------
    StoreError
        If the store is damaged or holds no graph yet, or the file cannot be written.
    """
    text = canonical_json(store)
    try:
        _replace(path, text)
    except OSError as err:
        raise StoreError(f"{path} cannot be written: {err.strerror or err}", "choose another file") from err


def canonical_json(store: Store) -> str:
    """Return the graph that a store holds as canonical JSON.

    Raises
    ------
    StoreError
        If the store is damaged or holds no graph yet.
    """
    nodes, edges = _lines(store)
    return f'{{"edges":[{_joined(edges)}],\n"nodes":[{_joined(nodes)}],\n"schema":{_SCHEMA}}}\n'


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    scratch = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def _lines(store: Store) -> tuple[list[str], list[str]]:
    joints: list[bytes] = []
    kinds: dict[str, str] = {}
    with damage_told(store), store.reading():
        name = repository_name(store)
        root = root_id(name)
        nodes = [_group_line(root, NodeKind.REPOSITORY, name, root_tags(store))]
        edges: list[str] = []
        groups, group_of = group_nodes(store.groups())
        for group in groups:
            nodes.append(_group_line(group.id, group.kind, group.name))
            edges.append(_contains_line(group.above or root, group.id))
        for path, packed, joint in store.segments():
            rows = [NodeRow(*row) for row in ormsgpack.unpackb(packed)]
            kinds.update((row.id, row.kind) for row in rows)
            nodes.extend(_node_line(_text(path), row) for row in rows)
            edges.extend(
                _contains_line(rows[row.parent].id if row.parent >= 0 else group_of[path], row.id) for row in rows
            )
            joints.append(joint or b"")
        soundness = Soundness(kinds)
        for packed in joints:
            edges.extend(_edge_lines(packed, soundness))
        soundness.tell(store)
    return sorted(nodes), sorted(edges)


def _group_line(own_id: str, kind: NodeKind, name: str, tags: tuple[str, ...] = ()) -> str:
    line = f'{{"id":{_text(own_id)},"kind":"{kind.value}","name":{_text(name)},"state":"{_STATE}"'
    return f"{line}{_tags(tags)}}}"


def _tags(tags: Sequence[str]) -> str:
    return f',"tags":[{",".join(map(_text, tags))}]' if tags else ""


def _node_line(path: str, row: NodeRow) -> str:
    parts = [f'"doc":{_text(row.doc)},' if row.doc else ""]
    if row.feature:
        parts.append(f'"feature":{_text(row.feature)},')
    parts.append(f'"id":{_text(row.id)},"kind":"{row.kind}","name":{_text(row.name)},"place":{{"path":{path}')
    if row.qualname:
        parts.append(f',"qualname":{_text(row.qualname)}')
    if row.signature:
        parts.append(f',"signature":{_text(row.signature)}')
    if row.first:
        parts.append(f',"span":[{row.first},{row.last}]')
    parts.append(f'}},"state":"{_STATE}"{_tags(row.tags)}}}')
    return "{" + "".join(parts)


def _contains_line(parent: str, child: str) -> str:
    return f'{{"dst":{_text(child)},"kind":"contains","src":{_text(parent)}}}'


def _edge_lines(packed: bytes, soundness: Soundness) -> Iterator[str]:
    for src, dst, kind, at, confidence in soundness.sound(edge_columns(packed)):
        sure = "" if confidence == 1.0 else f'"confidence":{confidence!r},'
        where = f',"lines":[{_numbers(at)}]' if at else ""
        yield f'{{{sure}"dst":{_text(dst)},"kind":"{kind_name(kind)}"{where},"src":{_text(src)}}}'


def _numbers(lines: Sequence[int]) -> str:
    return ",".join(map(str, lines))


def _joined(lines: list[str]) -> str:
    return "\n" + ",\n".join(lines) + "\n" if lines else ""
