from __future__ import annotations

import json

import pytest
from hypothesis import given

from repowright.graph.errors import GraphError
from repowright.graph.explore import explore
from repowright.graph.fetch import fetch
from repowright.graph.find import SearchNode, find
from repowright.graph.impact import impact
from repowright.graph.kinds import DEPENDENCY_KINDS
from repowright.graph.model import RPG
from repowright.graph.paths import paths
from repowright.graph.serial import from_json, to_json
from repowright.graph.sources import TextSources
from tests.graph.library import SOURCES, build_library
from tests.graph.strategies import graphs

CODE = TextSources(SOURCES)
SAVE = "library/store.py:Store.save"


@pytest.fixture
def library() -> RPG:
    return build_library()


def test_answers_are_json_and_the_same_after_a_round_trip(library: RPG) -> None:
    def answers(rpg: RPG) -> list[str]:
        return [
            fetch(rpg, ["Store", "nobody"], sources=CODE).as_json(),
            find(rpg, SearchNode(search_terms=("book",)), sources=CODE).as_json(),
            explore(rpg, ["main"]).as_json(),
            impact(rpg, SAVE).as_json(),
            paths(rpg, "main", "Store.load").as_json(),
        ]

    assert all(isinstance(json.loads(text), dict) for text in answers(library))
    assert answers(from_json(to_json(library))) == answers(library)


@given(graphs())
def test_no_answer_breaks_on_any_graph(rpg: RPG) -> None:
    for node in rpg.nodes()[:6]:
        assert node.id in fetch(rpg, [node.id]).as_json()
        explore(rpg, [node.id], direction="both", traversal_depth=-1).text()
        impact(rpg, node.id, -1).text()
    units = [node for node in rpg.nodes() if node.place][:4]
    for src in units:
        for dst in units:
            try:
                found = paths(rpg, src.id, dst.id, 3)
            except GraphError:
                continue
            for path in found.paths:
                assert all(link.kind in DEPENDENCY_KINDS for link in path.links)
