from __future__ import annotations

import pytest

from repowright.graph.errors import GraphError
from repowright.graph.impact import impact
from repowright.graph.model import RPG, EdgeKind
from tests.graph.library import at, build_library

SAVE = "library/store.py:Store.save"


@pytest.fixture
def library() -> RPG:
    return build_library()


def test_impact_names_callers_heirs_overriders_importers_and_tests(library: RPG) -> None:
    found = impact(library, SAVE)
    assert [(each.card.label, each.relation, each.distance) for each in found.code] == [
        ("library/store.py:DiskStore.save", "overrides", 1),
        ("library/cli.py", "imports", 1),
        ("library/__init__.py", "imports", 1),
        ("library/cli.py:main", "calls", 2),
    ]
    assert [each.card.label for each in found.tests] == ["tests/test_store.py:test_save", "tests/test_store.py"]
    assert sum(each.count for each in found.counts) == 6
    assert "6 nodes affected, 2 of them tests" in found.text()


def test_impact_of_a_type_takes_in_its_members(library: RPG) -> None:
    found = impact(library, "library/store.py:Store", depth=1)
    named = {each.card.label: each.relation for each in (*found.code, *found.tests)}
    assert named["library/store.py:DiskStore"] == "inherits"
    assert named["tests/test_store.py:test_save"] == "calls"


def test_impact_multiplies_confidence_along_the_way(library: RPG) -> None:
    found = impact(library, "Store.load")
    main = next(each for each in found.code if each.card.label == "library/cli.py:main")
    assert (main.distance, main.confidence, main.via) == (2, 0.4, "library/store.py:DiskStore.save")


def test_impact_stops_at_its_depth_and_counts_what_it_leaves_out(library: RPG) -> None:
    assert {each.distance for each in impact(library, SAVE, depth=1).code} == {1}
    short = impact(library, SAVE, limit=1)
    assert (len(short.code), short.code_left_out, len(short.tests), short.tests_left_out) == (1, 3, 1, 1)
    assert "left out: 3 more code" in short.text()
    assert sum(each.count for each in short.counts) == 6


def test_nothing_depends_on_the_top(library: RPG) -> None:
    assert "nothing that the graph knows depends on it" in impact(library, "main").text()
    for depth in (0, -2):
        with pytest.raises(GraphError, match="asks for nothing"):
            impact(library, "main", depth)


def test_a_ring_of_calls_ends(library: RPG) -> None:
    library.connect(at(library, "library/store.py:check"), at(library, SAVE), EdgeKind.CALLS)
    labels = [each.card.label for each in impact(library, "library/store.py:check", -1).code]
    assert len(labels) == len(set(labels)) and "library/store.py:check" not in labels
