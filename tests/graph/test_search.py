from __future__ import annotations

import pytest
from hypothesis import given

from repowright.graph.errors import UnknownNode
from repowright.graph.model import RPG, EdgeKind, NodeKind
from repowright.graph.search import SearchIndex, explore, fetch, search
from repowright.graph.serial import from_json, to_json
from tests.graph.conftest import Shop
from tests.graph.strategies import NAMES, graphs


def test_the_named_thing_comes_first(shop: Shop) -> None:
    assert search(shop.rpg, "Receipt", [NodeKind.CLASS])[0].node.id == shop["Receipt"]
    assert search(shop.rpg, "sum prices")[0].node.id == shop["sum the prices"]
    assert search(shop.rpg, "checkout.py", [NodeKind.FILE])[0].node.id == shop["shop/checkout.py"]


def test_parts_and_stems_of_names_are_found(shop: Shop) -> None:
    shop.rpg.update(shop["pay"], doc="Calls settle_invoices of HTTPLedger.")
    for query in ("invoice", "settling", "http ledgers", "settle_invoices"):
        assert [hit.node.id for hit in search(shop.rpg, query)] == [shop["pay"]], query


def test_words_of_the_doc_are_found(shop: Shop) -> None:
    shop.rpg.update(shop["pay"], doc="Settles the invoice.")
    assert [hit.node.id for hit in search(shop.rpg, "invoice")] == [shop["pay"]]


def test_a_name_counts_more_than_a_doc(shop: Shop) -> None:
    shop.rpg.update(shop["fill"], doc="receipt")
    found = [hit.node.id for hit in search(shop.rpg, "receipt", [NodeKind.CLASS, NodeKind.FUNCTION])]
    assert found == [shop["Receipt"], shop["fill"]]


def test_the_limit_and_the_kinds_hold(shop: Shop) -> None:
    assert len(search(shop.rpg, "shop cart py", limit=2)) == 2
    assert {hit.node.kind for hit in search(shop.rpg, "basket", [NodeKind.FEATURE])} == {NodeKind.FEATURE}
    assert search(shop.rpg, "basket", limit=0) == []


def test_a_query_without_a_known_word_finds_nothing(shop: Shop) -> None:
    assert search(shop.rpg, "zebra") == search(shop.rpg, "") == []


@given(graphs(), NAMES)
def test_the_answer_does_not_depend_on_history(rpg: RPG, query: str) -> None:
    again = from_json(to_json(rpg))
    assert SearchIndex(again).search(query) == SearchIndex(rpg).search(query)


def test_explore_downstream_follows_edges(shop: Shop) -> None:
    kinds = [EdgeKind.CALLS, EdgeKind.USES]
    found = explore(shop.rpg, [shop["pay"]], edge_kinds=kinds)
    assert [(edge.src, edge.dst) for edge in found] == [
        (shop["pay"], shop["Basket.total"]),
        (shop["pay"], shop["Receipt"]),
    ]


def test_explore_upstream_goes_against_them(shop: Shop) -> None:
    found = explore(shop.rpg, [shop["Receipt"]], "upstream", edge_kinds=[EdgeKind.USES])
    assert [edge.src for edge in found] == [shop["pay"]]


def test_explore_both_ways_meets_each_edge_once(shop: Shop) -> None:
    found = explore(shop.rpg, [shop["Receipt"]], "both", depth=-1)
    assert sorted(found, key=str) == sorted(shop.rpg.edges(), key=str)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(("depth", "count"), [(0, 0), (1, 2), (2, 4), (-1, len("cart checkout") + 5)])
def test_explore_stops_at_the_depth(shop: Shop, depth: int, count: int) -> None:
    found = explore(shop.rpg, [shop["shop"]], depth=depth, edge_kinds=[EdgeKind.CONTAINS])
    assert len(found) == (count if depth >= 0 else len(shop.rpg) - 1)


def test_explore_walks_only_to_the_kinds_asked_for(shop: Shop) -> None:
    found = explore(shop.rpg, [shop["shop"]], depth=-1, kinds=[NodeKind.AREA, NodeKind.FILE])
    assert {shop.rpg.node(edge.dst).kind for edge in found} == {NodeKind.AREA, NodeKind.FILE}


def test_explore_refuses_an_unknown_start(shop: Shop) -> None:
    with pytest.raises(UnknownNode):
        explore(shop.rpg, ["nobody"])


def test_fetch_takes_ids_paths_and_qualified_names(shop: Shop) -> None:
    for reference in (shop["Basket.total"], "shop/cart.py:Basket.total", "shop/cart.py::Basket.total"):
        found = fetch(shop.rpg, reference)
        assert found.node.id == shop["Basket.total"]
        assert found.parents == ("shop", "Cart", "cart.py", "Basket")
    assert fetch(shop.rpg, "shop/cart.py").node.id == shop["shop/cart.py"]


def test_fetch_names_the_nearest_place(shop: Shop) -> None:
    with pytest.raises(UnknownNode) as caught:
        fetch(shop.rpg, "shop/cart.py:Basket.totals")
    assert "shop/cart.py:Basket.total" in caught.value.hint
