from __future__ import annotations

from itertools import pairwise

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.errors import CycleError, UnknownNode
from repowright.graph.model import RPG, EdgeKind, NodeKind, Place
from repowright.graph.order import cycles
from tests.graph.conftest import Shop


def test_generations_put_dependencies_first(shop: Shop) -> None:
    units = [shop[name] for name in ("pay", "fill", "Basket", "Receipt")]
    assert shop.rpg.generations(units) == [
        [shop["Basket"], shop["Receipt"]],
        [shop["fill"], shop["pay"]],
    ]


def test_generations_follow_what_a_node_contains(shop: Shop) -> None:
    files = [shop["shop/checkout.py"], shop["shop/cart.py"]]
    assert shop.rpg.generations(files, EdgeKind.CALLS) == [[files[1]], [files[0]]]


def test_a_flow_makes_its_target_depend_on_its_source(shop: Shop) -> None:
    areas = [shop["Checkout"], shop["Cart"]]
    assert shop.rpg.generations(areas, EdgeKind.FLOWS) == [[shop["Cart"]], [shop["Checkout"]]]
    assert [node.id for node in shop.rpg.dependencies(shop["Checkout"], EdgeKind.FLOWS)] == [shop["Cart"]]
    assert [node.id for node in shop.rpg.dependents(shop["Cart"], EdgeKind.FLOWS)] == [shop["Checkout"]]


def test_a_circle_is_named(shop: Shop) -> None:
    shop.rpg.connect(shop["Basket.total"], shop["pay"], EdgeKind.CALLS)
    with pytest.raises(CycleError, match=r"shop/cart\.py:Basket") as caught:
        shop.rpg.generations([shop["pay"], shop["Basket"], shop["fill"]])
    assert set(caught.value.cycle) == {shop["pay"], shop["Basket"]}


def test_recursion_does_not_prevent_an_order(shop: Shop) -> None:
    shop.rpg.connect(shop["pay"], shop["pay"], EdgeKind.CALLS)
    assert shop.rpg.generations([shop["pay"]]) == [[shop["pay"]]]


def test_generations_of_nothing_are_none_and_of_an_unknown_node_refused(shop: Shop) -> None:
    assert shop.rpg.generations([]) == []
    with pytest.raises(UnknownNode):
        shop.rpg.generations(["file:none"])


def test_direct_dependencies_and_their_mirror(shop: Shop) -> None:
    needed = {node.id for node in shop.rpg.dependencies(shop["pay"])}
    assert needed == {shop["Basket.total"], shop["Receipt"]}
    assert {node.id for node in shop.rpg.dependencies(shop["pay"], EdgeKind.USES)} == {shop["Receipt"]}
    assert [node.id for node in shop.rpg.dependents(shop["Receipt"])] == [shop["pay"]]


def test_closure_is_transitive_and_leaves_out_the_start() -> None:
    rpg, ids = _chain(4)
    rpg.connect(ids[3], ids[0], EdgeKind.CALLS)
    assert [node.id for node in rpg.closure([ids[0]])] == ids[1:]


@given(st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] != pair[1])))
def test_generations_are_topological_or_the_circle_is_real(pairs: set[tuple[int, int]]) -> None:
    rpg, ids = _chain(7, joined=False)
    for src, dst in pairs:
        rpg.connect(ids[src], ids[dst], EdgeKind.CALLS)
    try:
        found = rpg.generations(ids)
    except CycleError as err:
        steps = zip(err.cycle, [*err.cycle[1:], err.cycle[0]], strict=True)
        assert all((ids.index(src), ids.index(dst)) in pairs for src, dst in steps)
        return
    at = {node_id: number for number, generation in enumerate(found) for node_id in generation}
    assert set(at) == set(ids)
    assert all(at[ids[dst]] < at[ids[src]] for src, dst in pairs)


def test_cycles_names_one_circle_a_knot() -> None:
    graph: nx.DiGraph[str] = nx.DiGraph([("a", "b"), ("b", "a"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "c")])
    assert cycles(graph) == [("a", "b"), ("c", "d", "e")]


def _chain(length: int, *, joined: bool = True) -> tuple[RPG, list[str]]:
    rpg = RPG.new("r")
    file = rpg.add(NodeKind.FILE, "m.py", rpg.root.id, place=Place("r/m.py"))
    ids = [rpg.add(NodeKind.FUNCTION, f"f{number}", file.id).id for number in range(length)]
    for src, dst in pairwise(ids):
        if joined:
            rpg.connect(src, dst, EdgeKind.CALLS)
    return rpg, ids
