"""What a stored graph remembers of a model: features by content, areas, places, and each file's unit keys."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence

import ormsgpack

from repowright.graph.encode.lift_marks import AREAS, GROUPS, KIND, PLACED
from repowright.graph.encode.lift_places import Placed
from repowright.graph.encode.lift_units import Block, LiftUnit, blocks_of
from repowright.graph.encode.lifter import AreaBrief, Route
from repowright.graph.encode.lifting import Lifted, LiftFile, Memory
from repowright.graph.encode.nodes import NodeRow
from repowright.graph.store import FileRow, GroupRow, LiftRow, Store
from repowright.graph.tags import UNPARSED

ReadSource = Callable[[str], bytes]

_KEYS_KIND = "lift-keys"
"""By path: the content that was lifted, a line break, and the packed keys of its units."""

_EMPTY_LIST, _EMPTY_MAP = b"\x90", b"\x80"


def read_memory(store: Store) -> Memory:
    """Return all that a model has said."""
    texts = {content: row.feature for content, row in store.lifts().items()}
    areas = tuple(AreaBrief(*each) for each in ormsgpack.unpackb(store.blob(KIND, AREAS) or _EMPTY_LIST))
    return Memory(texts, areas, read_placed(store))


def read_placed(store: Store) -> dict[str, Placed]:
    """Return where files belong, by path."""
    packed = ormsgpack.unpackb(store.blob(KIND, PLACED) or _EMPTY_MAP)
    return {
        path: Placed(Route(area, tuple(categories)), tuple(array("I", words)))
        for path, (area, categories, words) in packed.items()
    }


def write_texts(store: Store, texts: Mapping[str, str], model: str) -> None:
    """Keep features and summaries."""
    store.put_lifts(LiftRow(key, text, model) for key, text in texts.items())


def write_places(store: Store, lifted: Lifted) -> None:
    """Keep areas and places."""
    placed = {
        path: (each.route.area, each.route.categories, array("I", each.words).tobytes())
        for path, each in lifted.placed.items()
    }
    said = {AREAS: ormsgpack.packb(list(map(tuple, lifted.areas))), PLACED: ormsgpack.packb(placed)}
    store.put_blobs(KIND, {key: value for key, value in said.items() if store.blob(KIND, key) != value})


def product_files(store: Store) -> dict[str, FileRow]:
    """Return the files that a model is asked about, by path: all but tests."""
    return {path: row for path, row in store.files().items() if not row.is_test}


def changed_paths(store: Store, rows: Mapping[str, FileRow]) -> tuple[list[str], list[str]]:
    """Return the files whose content is another one than was lifted, and those that are gone."""
    known = store.blobs(_KEYS_KIND)
    changed = [path for path, row in rows.items() if not known.get(path, b"").startswith(_mark(row))]
    return changed, sorted(known.keys() - rows.keys())


def open_files(store: Store, rows: Iterable[FileRow], texts: Mapping[str, str], read: ReadSource) -> list[LiftFile]:
    """Return files with their units; the source of one is read only where some of them are not known."""
    files = []
    for row in rows:
        nodes = [NodeRow(*each) for each in ormsgpack.unpackb(store.nodes(row.number) or _EMPTY_LIST)]
        if nodes and UNPARSED in nodes[0].tags:
            files.append(LiftFile(row.path, nodes[0].id, nodes[0].feature, "", ()))
        elif nodes:
            blocks = _known_blocks(row, nodes, texts, store.blob(_KEYS_KIND, row.path))
            if blocks is None:
                blocks = blocks_of(row.path, nodes, read(row.path).decode("utf-8", "replace"))
            files.append(LiftFile(row.path, nodes[0].id, nodes[0].feature, nodes[0].doc, tuple(blocks)))
    return files


def write_keys(store: Store, files: Sequence[LiftFile], rows: Mapping[str, FileRow], gone: Iterable[str]) -> None:
    """Keep which units files have, and forget files that are gone."""
    keys = {file.path: _packed_keys(file, rows[file.path]) for file in files}
    store.put_blobs(_KEYS_KIND, {path: value for path, value in keys.items() if store.blob(_KEYS_KIND, path) != value})
    store.remove_blobs(_KEYS_KIND, gone)


def groups_are_settled(store: Store, groups: Sequence[GroupRow]) -> bool:
    """Whether groups are those that were written with places last."""
    return store.blob(KIND, GROUPS) == _digest(groups)


def write_settled(store: Store, groups: Sequence[GroupRow]) -> None:
    """Note that groups were written with places."""
    store.put_blobs(KIND, {GROUPS: _digest(groups)})


def _known_blocks(
    row: FileRow, nodes: Sequence[NodeRow], texts: Mapping[str, str], packed: bytes | None
) -> list[Block] | None:
    mark = _mark(row)
    if packed is None or not packed.startswith(mark):
        return None
    phrases = {node.id: node.feature for node in nodes}
    blocks = [
        Block(row.path, tuple(LiftUnit(node, key, row.path, name, phrases.get(node, "")) for node, key, name in each))
        for each in ormsgpack.unpackb(packed[len(mark) :])
    ]
    return blocks if all(unit.key in texts for block in blocks for unit in block.units) else None


def _packed_keys(file: LiftFile, row: FileRow) -> bytes:
    keys = [[(unit.node, unit.key, unit.qualname) for unit in block.units] for block in file.blocks]
    return _mark(row) + ormsgpack.packb(keys)


def _mark(row: FileRow) -> bytes:
    return f"{row.content} {row.reader}\n".encode()


def _digest(groups: Sequence[GroupRow]) -> bytes:
    return hashlib.blake2b(ormsgpack.packb(list(map(tuple, groups))), digest_size=16).digest()
