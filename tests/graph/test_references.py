from __future__ import annotations

import time

import pytest

from repowright.benchmarks.speed.large_graph import large_graph
from repowright.graph.errors import UnknownNode
from repowright.graph.model import RPG, NodeKind, Place
from repowright.graph.nearness import Nearest
from repowright.graph.references import AmbiguousReference, References
from tests.graph.library import at, build_library

SAVE = "library/store.py:Store.save"


@pytest.fixture
def library() -> RPG:
    return build_library()


@pytest.mark.parametrize(
    ("reference", "label"),
    [
        (SAVE, SAVE),
        ("library/store.py::Store::save", SAVE),
        ("./library/store.py:Store.save", SAVE),
        ("library\\store.py:Store.save", SAVE),
        ("store.py:Store.save", SAVE),
        ("/home/me/work/library/store.py:Store.save", SAVE),
        ("library.store.Store.save", SAVE),
        ("library.Store.save", SAVE),
        ("library.Store", "library/store.py:Store"),
        ("Store.save", SAVE),
        ("`Store.save()`", SAVE),
        ('Store.save("Emma", 1)', SAVE),
        ("Store.load", "library/store.py:Store.load"),
        ("load", "library/store.py:Store.load"),
        ("STORE.LOAD", "library/store.py:Store.load"),
        ("library/store.py:8", SAVE),
        ("library/store.py#L8-L9", SAVE),
        ("library/store.py:1", "library/store.py"),
        ("library/store.py, line 12", "library/store.py:Store.load"),
        ("class DiskStore(Store)", "library/store.py:DiskStore"),
        ("DiskStore.load", "library/store.py:Store.load"),
        ("library/store.py:DiskStore.load", "library/store.py:Store.load"),
        ("library/store.py", "library/store.py"),
        ("store.py", "library/store.py"),
        ("library.store", "library/store.py"),
        ("library", "library/__init__.py"),
        ("test_store", "tests/test_store.py"),
        ("Storage", "area 'Storage'"),
        ("storage/disk", "category 'Disk'"),
        ("Keep books  on disk", "library/store.py:DiskStore"),
    ],
)
def test_what_people_call_a_node_is_found(library: RPG, reference: str, label: str) -> None:
    if reference == "library":
        library.update(library.root.id, name="the library")
    assert [node.label for node in References(library).nodes(reference)] == [label]


def test_ids_are_references(library: RPG) -> None:
    assert all(References(library).node(node.id) == node for node in library.nodes())


def test_the_only_one_outside_tests_is_meant(library: RPG) -> None:
    assert References(library).node("check").label == "library/store.py:check"


def test_several_places_are_listed(library: RPG) -> None:
    with pytest.raises(AmbiguousReference) as caught:
        References(library).nodes("save")
    assert caught.value.candidates == ("library/store.py:DiskStore.save", SAVE)
    assert SAVE in str(caught.value)


def test_overloads_at_one_place_come_together(library: RPG) -> None:
    twin = Place("library/store.py", "Store.load", (13, 14))
    owner = at(library, "library/store.py:Store")
    library.add(NodeKind.METHOD, "load", owner, place=twin, anchor="library/store.py::Store.load#2")
    assert [node.place.span for node in References(library).nodes("Store.load") if node.place] == [(11, 12), (13, 14)]


@pytest.mark.parametrize(
    ("reference", "near"),
    [
        ("Store.saev", "library/store.py:DiskStore.save"),
        ("library/store.py:Store.lod", "library/store.py:Store.load"),
        ("library/stores.py", "library/store.py"),
    ],
)
def test_an_unknown_reference_names_what_comes_near(library: RPG, reference: str, near: str) -> None:
    with pytest.raises(UnknownNode) as caught:
        References(library).nodes(reference)
    assert near in caught.value.hint


@pytest.mark.parametrize(
    "reference", ["", "  ", "`'", ":", "::", "()", ".", "/", "a:b:c:d", ":12", "\0", "Store..save:"]
)
def test_nonsense_is_refused_or_found_but_never_breaks(library: RPG, reference: str) -> None:
    try:
        assert References(library).nodes(reference)
    except UnknownNode as error:
        assert error.message


def test_twenty_thousand_nodes_are_searched_at_once() -> None:
    rpg = large_graph(20_000)
    references = References(rpg)
    references.candidates("warm up")
    start = time.process_time()
    for unit in rpg.nodes(NodeKind.METHOD)[:100]:
        assert references.node(unit.label) == unit
    assert time.process_time() - start < 1.0


def test_near_names_are_ranked_by_likeness() -> None:
    assert Nearest(["filter", "filters", "folder", "zebra"]).to("fitler", alike=0.5) == ["filter", "filters", "folder"]
    assert Nearest([]).to("x") == []
