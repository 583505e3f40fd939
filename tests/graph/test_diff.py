from __future__ import annotations

import time

from hypothesis import given

from repowright.benchmarks.speed.large_graph import large_graph
from repowright.graph.diff import GraphDiff, diff
from repowright.graph.model import RPG, EdgeKind, NodeKind, Place
from repowright.graph.moves import moves
from repowright.graph.serial import from_json, to_json
from tests.graph.library import at, build_library
from tests.graph.strategies import graphs


def told(found: GraphDiff) -> list[tuple[str, str, str]]:
    return [(change.what, change.label, change.was) for change in found.nodes]


def renamed(rpg: RPG, old: str, new: str) -> RPG:
    """The graph as encoding would give it had the file had the other path: all ids below it are new."""
    text = to_json(rpg).replace(f'"path":"{old}"', f'"path":"{new}"')
    text = text.replace(f'"name":"{old.rpartition("/")[2]}"', f'"name":"{new.rpartition("/")[2]}"')
    for node in rpg.nodes():
        if node.path == old:
            text = text.replace(node.id, f"{node.id}0")
    return from_json(text)


@given(graphs())
def test_a_graph_does_not_differ_from_itself(rpg: RPG) -> None:
    found = diff(rpg, from_json(to_json(rpg)))
    assert found.same
    assert found.text() == "the graphs are the same"


@given(graphs(), graphs())
def test_what_one_way_is_added_is_removed_the_other(before: RPG, after: RPG) -> None:
    there, back = diff(before, after), diff(after, before)
    for one, other in ((there, back), (back, there)):
        added = {change.label for change in one.nodes if change.what == "added"}
        removed = {change.label for change in other.nodes if change.what == "removed"}
        assert added == removed
    assert there.same == (before == after) or there.same is False


def test_nodes_that_come_and_go() -> None:
    before, after = build_library(), build_library()
    after.remove(at(after, "library/store.py:check"))
    after.add(NodeKind.FUNCTION, "lend", at(after, "library/cli.py"), place=Place("library/cli.py", "lend", (9, 9)))
    found = diff(before, after)
    assert told(found) == [("added", "library/cli.py:lend", ""), ("removed", "library/store.py:check", "")]
    assert [(edge.what, edge.dst) for edge in found.edges] == [("removed", "library/store.py:check")]
    assert found.text().splitlines() == [
        "library/cli.py",
        "  + function lend",
        "library/store.py",
        "  - function check",
        "  - Store.save calls check",
        "nodes: 1 added, 1 removed; edges: 1 removed",
    ]


def test_fields_that_change_are_named() -> None:
    before, after = build_library(), build_library()
    after.update(at(after, "library/cli.py:main"), feature="lend books", doc="Lend.")
    (change,) = diff(before, after).nodes
    assert [(field.field, field.before, field.after) for field in change.fields] == [
        ("feature", "run the command line", "lend books"),
        ("doc", "", "Lend."),
    ]


def test_lines_alone_are_counted_apart() -> None:
    before, after = build_library(), build_library()
    node = after.node(at(after, "library/cli.py:main"))
    assert node.place is not None
    after.update(node.id, place=Place(node.path, node.qualname, (14, 15), node.signature))
    found = diff(before, after)
    assert (found.nodes, found.shifted, found.same) == ((), 1, False)
    assert found.text() == "1 nodes and 0 edges only on other lines"


def test_edges_that_change_are_named() -> None:
    before, after = build_library(), build_library()
    ends = at(after, "library/cli.py:main"), at(after, "library/store.py:DiskStore.save")
    after.disconnect(*ends, EdgeKind.CALLS)
    after.connect(*ends, EdgeKind.CALLS, lines=[5], confidence=1.0)
    (change,) = diff(before, after).edges
    assert (change.what, change.path, change.fields[0].before, change.fields[0].after) == (
        "changed", "library/cli.py", "0.5", "1",
    )  # fmt: skip


def test_a_renamed_file_moved_with_all_it_holds() -> None:
    before = build_library()
    after = renamed(before, "library/store.py", "library/shelf.py")
    found = diff(before, after)
    assert told(found) == [("moved", "library/shelf.py", "library/store.py")]
    assert found.carried == 6 and found.edges == ()
    assert found.text().endswith("nodes: 1 moved; 6 nodes moved along")


def test_a_file_renamed_and_edited_is_still_the_same() -> None:
    before = build_library()
    after = renamed(before, "library/store.py", "library/shelf.py")
    after.remove(at(after, "library/shelf.py:check"))
    found = diff(before, after)
    assert told(found)[:1] == [("moved", "library/shelf.py", "library/store.py")]
    assert ("removed", "library/store.py:check", "") in told(found)


def test_a_function_that_went_to_another_file_moved() -> None:
    before, after = build_library(), build_library()
    after.remove(at(after, "library/store.py:check"))
    after.remove(at(after, "tests/test_store.py:check"))
    before.remove(at(before, "tests/test_store.py:check"))
    place = Place("library/cli.py", "check", (8, 10), "def check(book: str) -> None")
    after.add(NodeKind.FUNCTION, "check", at(after, "library/cli.py"), place=place, feature="check the title")
    (change,) = diff(before, after).nodes
    assert (change.what, change.label, change.was) == ("moved", "library/cli.py:check", "library/store.py:check")
    assert [field.field for field in change.fields] == ["state", "below"]


def test_a_function_renamed_in_its_place_moved() -> None:
    before, after = build_library(), build_library()
    before.update(at(before, "library/cli.py:main"), doc="Run it.")
    after.remove(at(after, "library/cli.py:main"))
    place = Place("library/cli.py", "run", (4, 5), "def run() -> None")
    after.add(NodeKind.FUNCTION, "run", at(after, "library/cli.py"), place=place, doc="Run it.")
    assert ("moved", "library/cli.py:run", "library/cli.py:main") in told(diff(before, after))


def test_two_that_could_be_it_are_not_guessed() -> None:
    before, after = build_library(), build_library()
    for path in ("library/store.py", "tests/test_store.py"):
        after.remove(at(after, f"{path}:check"))
    place = Place("library/cli.py", "check", (8, 10), "def check(book: str) -> None")
    after.add(NodeKind.FUNCTION, "check", at(after, "library/cli.py"), place=place)
    assert moves(before, after) == {}


def test_an_area_under_another_name_moved() -> None:
    before, after = build_library(), build_library()
    new = after.add(NodeKind.AREA, "Front", after.root.id)
    after.move(at(after, "library/cli.py"), new.id)
    after.prune_empty([NodeKind.AREA])
    assert told(diff(before, after)) == [("moved", "area 'Front'", "area 'Lending'")]


def test_twenty_thousand_nodes_renamed_are_compared_in_seconds() -> None:
    before = large_graph(4_000)
    after = from_json(to_json(before).replace('"large/', '"grand/'))
    ids = [node.id for node in after.nodes()]
    text = to_json(after)
    for each in {each.partition(":")[0] for each in ids} - {"repository", "area"}:
        text = text.replace(f'"{each}:', f'"{each}:0')
    start = time.process_time()
    found = diff(before, from_json(text))
    assert {change.what for change in found.nodes} == {"moved"}
    assert found.edges == ()
    assert time.process_time() - start < 20
