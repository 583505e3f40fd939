from __future__ import annotations

import pytest

from repowright.graph.fetch import fetch
from repowright.graph.model import RPG, NodeKind, Place
from repowright.graph.sources import SnapshotSources, TextSources, lines_of
from repowright.repo_tools.snapshot import MemorySnapshot
from tests.graph.library import SOURCES, build_library

CODE = TextSources(SOURCES)
SAVE = "library/store.py:Store.save"


@pytest.fixture
def library() -> RPG:
    return build_library()


def test_fetch_shows_code_with_its_lines(library: RPG) -> None:
    (found,) = fetch(library, ["Store.save"], sources=CODE).nodes
    assert found.card.area == "Storage/Disk"
    assert found.code is not None
    assert found.code.text.splitlines()[0] == "7 |     def save(self, book: str) -> None:"
    assert (found.callers, found.callees) == (1, 1)


def test_fetch_of_lines_shows_those(library: RPG) -> None:
    (found,) = fetch(library, ["library/store.py:20-21"], sources=CODE).nodes
    assert found.code is not None
    assert found.code.text == "20 | def check(book: str) -> None:\n21 |     if not book:"


def test_fetch_says_how_to_get_the_rest(library: RPG) -> None:
    (found,) = fetch(library, ["Store"], sources=CODE, most_lines=4).nodes
    assert found.code is not None
    assert (found.code.first, found.code.last) == (4, 7)
    assert found.code.left_out == "... 5 more lines; fetch library/store.py:8-12"
    assert [member.label for member in found.members] == ["library/store.py:Store.load", SAVE]


def test_fetch_of_a_long_file_gives_its_outline(library: RPG) -> None:
    long = TextSources({"library/store.py": SOURCES["library/store.py"] + "# more\n" * 60})
    (found,) = fetch(library, ["library/store.py"], sources=long).nodes
    assert found.code is None and "82 lines" in found.note
    assert "- DiskStore [class, lines 15-17] class DiskStore(Store): keep books on disk" in found.text()


def test_fetch_of_an_area_lists_what_it_holds(library: RPG) -> None:
    (found,) = fetch(library, feature_entities=["storage"]).nodes
    assert [member.label for member in found.members] == ["Storage/Disk", "library/__init__.py"]


def test_what_cannot_be_fetched_stands_beside_the_rest(library: RPG) -> None:
    found = fetch(library, ["save", "check", "nobody"], sources=CODE)
    assert [node.card.label for node in found.nodes] == ["library/store.py:check"]
    assert [each.reference for each in found.missing] == ["save", "nobody"]
    assert "2 nodes answer to 'save'" in found.text()
    assert "error" not in found.text(problems=False)


def test_fetch_without_source_says_so(library: RPG) -> None:
    (found,) = fetch(library, ["check"]).nodes
    assert found.code is None and "no source" in found.note
    assert "signature: def check(book: str) -> None" in found.text()


def test_source_that_moved_on_is_noticed(library: RPG) -> None:
    shifted = TextSources({"library/store.py": "\n" * 40 + SOURCES["library/store.py"]})
    (found,) = fetch(library, ["Store.load"], sources=shifted).nodes
    assert "has changed since" in found.note
    (found,) = fetch(library, ["Store.load"], sources=TextSources({"library/store.py": "x = 1\n"})).nodes
    assert found.code is None and "has changed since" in found.note


def test_sources_are_read_from_a_snapshot_whatever_their_encoding() -> None:
    sources = SnapshotSources(MemorySnapshot({"a.py": b"\xef\xbb\xbfx = '\xc3\xa9'\r\n", "b.py": b"caf\xe9\n"}))
    assert sources.text("a.py") == "x = '\u00e9'\r\n"
    assert sources.text("b.py") == "caf\u00e9\n"
    assert sources.text("c.py") is None
    assert lines_of("a\x0cb\nc") == ["a\x0cb", "c"]


def test_a_place_without_lines_is_no_obstacle() -> None:
    rpg = RPG.new("plan")
    file = rpg.add(NodeKind.FILE, "a.py", rpg.root.id, place=Place("a.py"))
    unit = rpg.add(NodeKind.FUNCTION, "run", file.id)
    found = fetch(rpg, ["a.py:run", "a.py:3"], sources=TextSources({"a.py": "def run():\n    pass\n"}))
    assert [node.card.id for node in found.nodes] == [unit.id, file.id]
