from __future__ import annotations

from pathlib import Path

import pytest

from repowright.graph.encode import encode
from repowright.graph.find import SearchNode, find
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG
from repowright.graph.search import Hit, SearchIndex
from repowright.graph.searching import KIND, graph_index, stored_index
from repowright.graph.sources import TextSources
from repowright.graph.store import Store
from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot
from tests.graph.library import SOURCES, build_library

CODE = TextSources(SOURCES)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in SOURCES.items():
        target = tmp_path / "repo" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return tmp_path / "repo"


def labels(hits: list[Hit]) -> list[str]:
    return [hit.node.label for hit in hits]


def kept(store: Path) -> list[str]:
    with Store(store, read_only=True) as opened, opened.reading():
        return opened.blob_keys(KIND)


def opened(folder: Path) -> tuple[Path, RPG]:
    encoded = encode(folder)
    return encoded.store_path, encoded.graph()


def test_words_that_stand_only_in_code_are_found() -> None:
    library = build_library()
    assert SearchIndex(library).search("raise") == []
    assert labels(graph_index(library, CODE).search("raise")) == ["library/store.py:check"]


def test_words_of_tests_bodies_do_not_compete() -> None:
    found = labels(graph_index(build_library(), CODE).search("Emma"))
    assert "library/cli.py:main" in found
    assert not any(label.startswith("tests/") for label in found)


def test_a_file_answers_by_its_best_unit() -> None:
    index = graph_index(build_library(), CODE)
    unit = index.search("raise", [NodeKind.FUNCTION])[0]
    file = index.search("raise", [NodeKind.FILE])[0]
    assert (file.node.path, file.score) == (unit.node.path, unit.score)


def test_a_stored_graph_keeps_its_index_and_answers_the_same(folder: Path) -> None:
    path, rpg = opened(folder)
    first = stored_index(path, rpg, WorkTreeSnapshot(folder))
    assert len(kept(path)) == 1
    again = stored_index(path, rpg, WorkTreeSnapshot(folder))
    for query in ("save a book", "raise", "disk", ""):
        assert first.search(query) == again.search(query)
        assert first.search(query) == graph_index(rpg, CODE).search(query)


def test_the_index_of_another_state_is_another(folder: Path) -> None:
    path, rpg = opened(folder)
    stored_index(path, rpg, WorkTreeSnapshot(folder))
    before = kept(path)
    source = folder / "library/cli.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n\ndef leave() -> None:\n    print('zebra')\n", "utf-8")
    path, rpg = opened(folder)
    assert labels(stored_index(path, rpg, WorkTreeSnapshot(folder)).search("zebra")) == ["library/cli.py:leave"]
    assert len(kept(path)) == 1 and kept(path) != before


def test_a_file_changed_since_has_no_body_and_the_index_is_not_kept(folder: Path) -> None:
    path, rpg = opened(folder)
    source = folder / "library/store.py"
    source.write_text("# zebra\n" + source.read_text(encoding="utf-8"), encoding="utf-8")
    index = stored_index(path, rpg, WorkTreeSnapshot(folder))
    assert index.search("zebra") == [] == index.search("raise")
    assert labels(index.search("Emma")) and kept(path) == []


def test_a_graph_that_another_process_writes_is_searched_all_the_same(folder: Path) -> None:
    path, rpg = opened(folder)
    with Store(path) as busy, busy.writing():
        index = stored_index(path, rpg, WorkTreeSnapshot(folder))
    assert labels(index.search("raise"))[0] == "library/store.py:check"
    assert kept(path) == []


def test_a_question_finds_what_it_names_first() -> None:
    library = build_library()
    asked = SearchNode(text='who raises "has no title"? see library/cli.py:5 and `DiskStore.save`')
    found = find(library, asked, sources=CODE, searcher=graph_index(library, CODE).search)
    assert [(match.card.label, match.why) for match in found.matches[:3]] == [
        ("library/cli.py:main", "library/cli.py:5"),
        ("library/cli.py", "library/cli.py"),
        ("library/store.py:DiskStore.save", "DiskStore.save"),
    ]
    assert [(each.path, each.first) for each in found.passages] == [("library/store.py", 21)]
    assert "library/store.py:check" in [match.card.label for match in found.matches]


def test_a_traceback_leads_to_its_frames_the_innermost_first() -> None:
    text = 'Traceback (most recent call last):\n  File "/srv/app/library/cli.py", line 5, in main\n'
    text += '  File "/srv/app/library/store.py", line 22, in check\nValueError: the book has no title\n'
    found = find(build_library(), SearchNode(text=text), sources=CODE)
    assert [match.card.label for match in found.matches[:2]] == ["library/store.py:check", "library/cli.py:main"]


def test_a_question_of_plain_words_is_ranked_only() -> None:
    found = find(build_library(), SearchNode(text="save a book"), sources=CODE)
    assert found.matches and {match.why for match in found.matches} == {""}
