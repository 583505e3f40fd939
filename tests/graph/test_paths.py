from __future__ import annotations

import pytest

from repowright.graph.errors import GraphError, UnknownNode
from repowright.graph.model import RPG, EdgeKind
from repowright.graph.paths import paths
from tests.graph.library import build_library


@pytest.fixture
def library() -> RPG:
    return build_library()


def test_paths_are_shortest_first_with_lines(library: RPG) -> None:
    found = paths(library, "main", "library/store.py:check")
    assert found.paths == () and "nor back" in found.text()
    found = paths(library, "main", "Store.load")
    assert [link.dst.label for link in found.paths[0].links] == [
        "library/store.py:DiskStore.save",
        "library/store.py:Store.load",
    ]
    assert found.paths[0].confidence == 0.4
    assert (
        "  calls library/store.py:DiskStore.save [method, lines 16-17]: write it at line 5 (confidence 0.5)"
        in found.text()
    )


def test_ends_of_a_path_take_in_what_they_contain(library: RPG) -> None:
    found = paths(library, "library/cli.py", "library/store.py", k=5)
    assert [len(path.links) for path in found.paths] == [1, 1, 1]
    assert {path.links[0].kind for path in found.paths} == {EdgeKind.IMPORTS, EdgeKind.CALLS}


def test_the_way_back_is_shown_where_none_leads_there(library: RPG) -> None:
    found = paths(library, "Store.load", "main")
    assert found.reverse
    assert found.text().startswith(
        "nothing leads from library/store.py:Store.load to library/cli.py:main; the other way"
    )


def test_paths_walk_only_along_the_kinds_asked_for(library: RPG) -> None:
    found = paths(library, "main", "library/store.py:Store", kinds=[EdgeKind.CALLS, EdgeKind.INHERITS], k=1)
    assert [link.kind for link in found.paths[0].links] == [EdgeKind.CALLS, EdgeKind.INHERITS]
    assert found.more


@pytest.mark.parametrize(
    ("goal", "k", "words"), [("main", 1, "lie in each other"), ("check", 0, "0 paths"), ("check", 51, "51")]
)
def test_paths_that_make_no_sense_are_refused(library: RPG, goal: str, k: int, words: str) -> None:
    with pytest.raises(GraphError, match=words):
        paths(library, "library/cli.py", goal, k)


def test_an_end_that_nobody_knows_is_refused(library: RPG) -> None:
    with pytest.raises(UnknownNode):
        paths(library, "main", "nobody")
