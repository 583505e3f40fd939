"""A small encoded repository with its sources: classes, overrides, tests, guesses and a re-export."""

from __future__ import annotations

from repowright.graph.model import RPG, EdgeKind, NodeKind, Place, State

STORE = '''"""Keep books."""


class Store:
    """A place for books."""

    def save(self, book: str) -> None:
        """Save a book."""
        check(book)

    def load(self) -> str:
        return "book"


class DiskStore(Store):
    def save(self, book: str) -> None:
        self.load()


def check(book: str) -> None:
    if not book:
        raise ValueError("the book has no title")
'''
CLI = """from library.store import DiskStore


def main() -> None:
    DiskStore().save("Emma")
"""
TESTS = """from library.store import Store


def test_save() -> None:
    Store().save("Emma")


def check(book: str) -> None:
    assert book
"""
SOURCES = {
    "library/store.py": STORE,
    "library/cli.py": CLI,
    "tests/test_store.py": TESTS,
    "library/__init__.py": "from library.store import Store\n",
}

_UNITS = (
    (NodeKind.CLASS, "library/store.py", "Store", (4, 12), "class Store", "keep books"),
    (NodeKind.METHOD, "library/store.py", "Store.save", (7, 9), "def save(self, book: str) -> None", "save a book"),
    (NodeKind.METHOD, "library/store.py", "Store.load", (11, 12), "def load(self) -> str", "load a book"),
    (NodeKind.CLASS, "library/store.py", "DiskStore", (15, 17), "class DiskStore(Store)", "keep books on disk"),
    (NodeKind.METHOD, "library/store.py", "DiskStore.save", (16, 17), "def save(self, book: str) -> None", "write it"),
    (NodeKind.FUNCTION, "library/store.py", "check", (20, 22), "def check(book: str) -> None", "check the title"),
    (NodeKind.FUNCTION, "library/cli.py", "main", (4, 5), "def main() -> None", "run the command line"),
    (NodeKind.FUNCTION, "tests/test_store.py", "test_save", (4, 5), "def test_save() -> None", "test save"),
    (NodeKind.FUNCTION, "tests/test_store.py", "check", (8, 9), "def check(book: str) -> None", "check a book"),
)
_EDGES = (
    ("library/store.py:DiskStore", "library/store.py:Store", EdgeKind.INHERITS, [15], 1.0),
    ("library/store.py:Store.save", "library/store.py:check", EdgeKind.CALLS, [9], 1.0),
    ("library/store.py:DiskStore.save", "library/store.py:Store.load", EdgeKind.CALLS, [17], 0.8),
    ("library/cli.py:main", "library/store.py:DiskStore", EdgeKind.CALLS, [5], 1.0),
    ("library/cli.py:main", "library/store.py:DiskStore.save", EdgeKind.CALLS, [5], 0.5),
    ("tests/test_store.py:test_save", "library/store.py:Store.save", EdgeKind.CALLS, [5], 1.0),
    ("library/cli.py", "library/store.py", EdgeKind.IMPORTS, [1], 1.0),
    ("library/__init__.py", "library/store.py", EdgeKind.IMPORTS, [1], 1.0),
    ("tests/test_store.py", "library/store.py", EdgeKind.IMPORTS, [1], 1.0),
)


def build_library() -> RPG:
    """Return the graph of `SOURCES`."""
    rpg = RPG.new("library", "lend books")
    storage = rpg.add(NodeKind.AREA, "Storage", rpg.root.id)
    disk = rpg.add(NodeKind.CATEGORY, "Disk", storage.id)
    lending = rpg.add(NodeKind.AREA, "Lending", rpg.root.id)
    checks = rpg.add(NodeKind.AREA, "Checks", rpg.root.id)
    homes = {"library/store.py": disk, "library/cli.py": lending, "library/__init__.py": storage}
    for path in SOURCES:
        above = homes.get(path, checks)
        name = path.rpartition("/")[2]
        tags = ["test"] if path.startswith("tests/") else []
        rpg.add(NodeKind.FILE, name, above.id, place=Place(path), tags=tags, state=State.IMPLEMENTED)
    for kind, path, qualname, span, signature, feature in _UNITS:
        owner, _, name = qualname.rpartition(".")
        place = Place(path, qualname, span, signature)
        parent = at(rpg, f"{path}:{owner}" if owner else path)
        rpg.add(kind, name, parent, place=place, feature=feature, state=State.IMPLEMENTED)
    for src, dst, edge, lines, confidence in _EDGES:
        rpg.connect(at(rpg, src), at(rpg, dst), edge, lines=lines, confidence=confidence)
    return rpg


def at(rpg: RPG, label: str) -> str:
    """Return the id of the node with that label."""
    path, _, qualname = label.partition(":")
    node = rpg.find(path, qualname)
    assert node is not None, label
    return node.id
