from __future__ import annotations

import pytest

from repowright.graph.errors import GraphError
from repowright.graph.find import SearchNode, find
from repowright.graph.model import RPG
from repowright.graph.patterns import path_matcher
from repowright.graph.sources import TextSources
from tests.graph.library import SOURCES, build_library

CODE = TextSources(SOURCES)


@pytest.fixture
def library() -> RPG:
    return build_library()


def test_search_by_meaning_stays_in_its_scope(library: RPG) -> None:
    everywhere = find(library, SearchNode(feature_terms=("book",)))
    assert {match.card.area for match in everywhere.matches} > {"Storage/Disk"}
    scoped = find(library, SearchNode(feature_terms=("book",), search_scopes=("storage/disk",)))
    assert {match.card.area for match in scoped.matches} == {"Storage/Disk", "Storage"} - {"Storage"}


def test_search_puts_code_before_its_tests(library: RPG) -> None:
    found = find(library, SearchNode("features", feature_terms=("save",)))
    assert not found.matches[0].card.is_test
    found = find(library, SearchNode("features", feature_terms=("test save",)))
    assert found.matches[0].card.label == "tests/test_store.py:test_save"


def test_search_finds_symbols_and_text(library: RPG) -> None:
    found = find(library, SearchNode("snippets", search_terms=("Store.load", "has no title")), sources=CODE)
    assert [(match.card.label, match.why) for match in found.matches] == [("library/store.py:Store.load", "Store.load")]
    assert [(each.path, each.inside, each.first, each.last) for each in found.passages] == [
        ("library/store.py", "check", 21, 22)
    ]
    assert found.notes == ()


def test_a_name_that_several_have_gives_them_code_first(library: RPG) -> None:
    found = find(library, SearchNode("snippets", search_terms=("check",)))
    assert [match.card.label for match in found.matches] == ["library/store.py:check", "tests/test_store.py:check"]


def test_search_within_a_pattern(library: RPG) -> None:
    wanted = SearchNode("snippets", search_terms=("Emma",), file_path_or_pattern="tests/**/*.py")
    found = find(library, wanted, sources=CODE)
    assert {passage.path for passage in found.passages} == {"tests/test_store.py"}


def test_search_shows_lines_and_what_they_belong_to(library: RPG) -> None:
    found = find(library, SearchNode(line_nums=(8, 16), file_path_or_pattern="store.py"), sources=CODE)
    assert [match.card.label.partition(":")[2] for match in found.matches] == [
        "DiskStore", "DiskStore.save", "Store", "Store.load", "Store.save",
    ]  # fmt: skip
    assert found.passages[0].code.startswith(' 8 |         """Save a book."""')


def test_search_counts_what_it_leaves_out(library: RPG) -> None:
    whole = find(library, SearchNode("features", feature_terms=("book",)), limit=100)
    part = find(library, SearchNode("features", feature_terms=("book",)), limit=2)
    assert part.matches == whole.matches[:2]
    assert part.notes == (f"{len(whole.matches) - 2} more nodes answer; raise the limit or narrow the scope",)
    text = find(library, SearchNode("snippets", search_terms=("book",)), sources=CODE, limit=1)
    assert any("more lines hold a term" in note for note in text.notes)


def test_search_without_sources_says_so(library: RPG) -> None:
    found = find(library, SearchNode("snippets", search_terms=("title",)))
    assert found.notes == ("the text of 4 of 4 files is not at hand",)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (SearchNode(), "names no terms"),
        (SearchNode(line_nums=(1, 2)), "no place"),
        (SearchNode(line_nums=(3, 2), file_path_or_pattern="store.py"), "no lines"),
        (SearchNode(feature_terms=("x",), search_scopes=("Nowhere",)), "no node answers"),
    ],
)
def test_a_search_that_asks_for_nothing_is_refused(library: RPG, wanted: SearchNode, words: str) -> None:
    with pytest.raises(GraphError, match=words):
        find(library, wanted)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("**/*", "a.py", True),
        ("**/*.py", "a.py", True),
        ("**/*.py", "x/y/a.py", True),
        ("*.py", "x/a.py", True),
        ("x/*.py", "x/y/a.py", False),
        ("x/**", "x/y/a.py", True),
        ("a.py", "x/a.py", True),
        ("a.py", "x/ba.py", False),
        ("x/y", "x/y/a.py", True),
        ("[!a].py", "b.py", True),
        ("[!a].py", "a.py", False),
        ("a+b(.py", "a+b(.py", True),
        ("[", "[", True),
        ("./x/", "x/a.py", True),
    ],
)
def test_patterns_of_paths(pattern: str, path: str, fits: bool) -> None:
    assert path_matcher(pattern)(path) is fits
