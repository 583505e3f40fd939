from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.errors import DuplicateNode, InvariantViolated, UnknownNode
from repowright.graph.kinds import CHILD_KINDS, ENDS
from repowright.graph.model import RPG, Edge, EdgeKind, NodeKind, Place, State, node_id
from repowright.graph.serial import to_json
from tests.graph.conftest import Shop, build_shop


def test_ids_follow_from_kind_and_anchor(shop: Shop) -> None:
    assert shop["shop/cart.py"] == node_id(NodeKind.FILE, "shop/cart.py")
    assert shop["Basket.total"] == node_id(NodeKind.METHOD, "shop/cart.py::Basket.total")
    assert shop["pay for a basket"] == node_id(NodeKind.FEATURE, "pay for a basket")


def test_a_category_id_names_the_areas_above_it() -> None:
    rpg = RPG.new("shop")
    first = rpg.add(NodeKind.AREA, "First", rpg.root.id)
    second = rpg.add(NodeKind.AREA, "Second", rpg.root.id)
    same_name = [rpg.add(NodeKind.CATEGORY, "Prices", area.id).id for area in (first, second)]
    assert same_name[0] == node_id(NodeKind.CATEGORY, "first/prices")
    assert same_name[0] != same_name[1]


def test_ids_do_not_see_case_or_spacing_of_phrases() -> None:
    rpg = RPG.new("shop")
    added = rpg.add(NodeKind.FEATURE, "Parse  CSV\nfiles", rpg.root.id)
    assert added.id == node_id(NodeKind.FEATURE, "parse csv files")
    assert added.name == added.feature == "Parse CSV files"


def test_a_second_node_of_the_same_content_is_refused(shop: Shop) -> None:
    before = to_json(shop.rpg)
    with pytest.raises(DuplicateNode, match="pay for a basket") as caught:
        shop.rpg.add(NodeKind.FEATURE, "Pay for a  basket", shop["Cart"])
    assert caught.value.node_id == shop["pay for a basket"]
    assert to_json(shop.rpg) == before


def test_a_definition_gets_its_place_from_its_parent(shop: Shop) -> None:
    total = shop.rpg.node(shop["Basket.total"])
    assert total.place == Place("shop/cart.py", "Basket.total")


def test_a_definition_in_another_file_than_its_parent_is_refused(shop: Shop) -> None:
    with pytest.raises(InvariantViolated, match="parent's file"):
        shop.rpg.add(NodeKind.FUNCTION, "f", shop["shop/cart.py"], place=Place("shop/checkout.py", "f"))
    with pytest.raises(InvariantViolated, match="parent's file"):
        shop.rpg.update(shop["pay"], place=Place("shop/cart.py", "pay"))


@pytest.mark.parametrize("path", ["", "/a.py", "../a.py", "a/../b.py", "a\\b.py", "a//b.py", "./a.py", "a\n.py", "a/"])
def test_a_path_that_leaves_the_repository_is_refused(path: str) -> None:
    with pytest.raises(InvariantViolated, match="path inside the repository"):
        Place(path)


@pytest.mark.parametrize("span", [(0, 1), (3, 2)])
def test_an_empty_span_is_refused(span: tuple[int, int]) -> None:
    with pytest.raises(InvariantViolated, match="no span"):
        Place("a.py", span=span)


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_confidence_out_of_range_is_refused(confidence: float) -> None:
    with pytest.raises(InvariantViolated, match="confidence"):
        Edge("a", "b", EdgeKind.CALLS, confidence=confidence)


@pytest.mark.parametrize("kind", [NodeKind.FILE, NodeKind.DIRECTORY])
def test_a_file_without_a_path_is_refused(kind: NodeKind) -> None:
    rpg = RPG.new("shop")
    with pytest.raises(InvariantViolated, match="path"):
        rpg.add(kind, "a.py", rpg.root.id)


def test_an_abstract_node_with_a_place_is_refused() -> None:
    rpg = RPG.new("shop")
    with pytest.raises(InvariantViolated, match="place"):
        rpg.add(NodeKind.AREA, "Cart", rpg.root.id, place=Place("cart"))


@pytest.mark.parametrize("name", ["", " \n", "\ud800"])
def test_a_name_that_no_file_could_hold_is_refused(name: str) -> None:
    rpg = RPG.new("shop")
    with pytest.raises(InvariantViolated):
        rpg.add(NodeKind.AREA, name, rpg.root.id)
    assert len(rpg) == 1


@pytest.mark.parametrize("parent", list(NodeKind))
@pytest.mark.parametrize("child", list(NodeKind))
def test_kinds_contain_only_what_they_may(parent: NodeKind, child: NodeKind) -> None:
    shop = build_shop()
    rpg = shop.rpg
    holder = _one_of_each(rpg)[parent]
    place = Place("shop/new.py") if child in (NodeKind.FILE, NodeKind.DIRECTORY) else None
    before = len(rpg)
    if child in CHILD_KINDS[parent]:
        assert rpg.parent(rpg.add(child, "new thing", holder, place=place).id) == rpg.node(holder)
    else:
        with pytest.raises(InvariantViolated, match="cannot contain"):
            rpg.add(child, "new thing", holder, place=place)
        assert len(rpg) == before


@pytest.mark.parametrize("kind", [kind for kind in EdgeKind if kind is not EdgeKind.CONTAINS])
def test_edges_join_only_kinds_they_may(kind: EdgeKind) -> None:
    rpg = RPG.new("all")
    first, second = _one_of_each(rpg), _one_of_each(rpg, "2")
    for source in NodeKind:
        for target in set(NodeKind) - {NodeKind.REPOSITORY}:
            fits = source in ENDS[kind][0] and target in ENDS[kind][1]
            if fits:
                rpg.connect(first[source], second[target], kind)
            else:
                with pytest.raises(InvariantViolated, match="cannot join"):
                    rpg.connect(first[source], second[target], kind)


def test_a_second_parent_is_refused(shop: Shop) -> None:
    with pytest.raises(InvariantViolated, match="second parent"):
        shop.rpg.connect(shop["Cart"], shop["shop/checkout.py"], EdgeKind.CONTAINS)


def test_a_node_cannot_lose_its_parent(shop: Shop) -> None:
    with pytest.raises(InvariantViolated, match="no parent"):
        shop.rpg.disconnect(shop["Cart"], shop["shop/cart.py"], EdgeKind.CONTAINS)


def test_recursion_is_no_fault_but_inheriting_from_oneself_is(shop: Shop) -> None:
    shop.rpg.connect(shop["pay"], shop["pay"], EdgeKind.CALLS)
    with pytest.raises(InvariantViolated, match="itself"):
        shop.rpg.connect(shop["Basket"], shop["Basket"], EdgeKind.INHERITS)


def test_precedes_has_no_circle(shop: Shop) -> None:
    rpg = shop.rpg
    rpg.connect(shop["Cart"], shop["Checkout"], EdgeKind.PRECEDES)
    before = to_json(rpg)
    with pytest.raises(InvariantViolated, match="precede"):
        rpg.connect(shop["Checkout"], shop["Cart"], EdgeKind.PRECEDES)
    assert to_json(rpg) == before


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40))
def test_precedes_accepts_an_edge_exactly_when_it_closes_no_circle(pairs: list[tuple[int, int]]) -> None:
    rpg = RPG.new("r")
    areas = [rpg.add(NodeKind.AREA, f"a{index}", rpg.root.id).id for index in range(8)]
    reach = {index: {index} for index in range(8)}
    for src, dst in pairs:
        if src in reach[dst]:
            with pytest.raises(InvariantViolated):
                rpg.connect(areas[src], areas[dst], EdgeKind.PRECEDES)
            continue
        rpg.connect(areas[src], areas[dst], EdgeKind.PRECEDES)
        for index in reach:
            if src in reach[index]:
                reach[index] |= reach[dst]


def test_edges_of_one_kind_differ_by_name(shop: Shop) -> None:
    rpg, ends = shop.rpg, (shop["Cart"], shop["Checkout"])
    rpg.connect(*ends, EdgeKind.FLOWS, name="coupon", data_type="str")
    assert {edge.name for edge in rpg.out_edges(ends[0], EdgeKind.FLOWS)} == {"basket", "coupon"}
    with pytest.raises(InvariantViolated, match="another 'flows' edge 'basket'"):
        rpg.connect(*ends, EdgeKind.FLOWS, name="basket", data_type="dict[str, int]")


def test_connecting_the_same_edge_twice_changes_nothing(shop: Shop) -> None:
    before = to_json(shop.rpg)
    shop.rpg.connect(shop["pay"], shop["Basket.total"], EdgeKind.CALLS, lines=[9, 12, 9])
    assert to_json(shop.rpg) == before


def test_disconnect_removes_one_edge_and_refuses_an_absent_one(shop: Shop) -> None:
    removed = shop.rpg.disconnect(shop["pay"], shop["Receipt"], EdgeKind.USES)
    assert removed not in shop.rpg.edges()
    with pytest.raises(UnknownNode, match="no 'uses' edge"):
        shop.rpg.disconnect(shop["pay"], shop["Receipt"], EdgeKind.USES)


def test_update_keeps_the_id_and_changes_the_rest(shop: Shop) -> None:
    changed = shop.rpg.update(shop["pay"], state=State.VERIFIED, doc="Pays.", tags=("b", "a", "b"))
    assert changed == shop.rpg.node(shop["pay"])
    assert (changed.state, changed.doc, changed.tags) == (State.VERIFIED, "Pays.", ("a", "b"))


def test_update_refuses_what_makes_a_node_itself(shop: Shop) -> None:
    with pytest.raises(InvariantViolated, match="'kind'"):
        shop.rpg.update(shop["pay"], kind=NodeKind.CLASS)  # type: ignore[call-arg]


def test_a_new_path_carries_over_to_all_inside(shop: Shop) -> None:
    shop.rpg.update(shop["shop/cart.py"], place=Place("shop/basket.py"))
    assert shop.rpg.node(shop["shop/cart.py"]).name == "basket.py"
    assert shop.rpg.find("shop/basket.py", "Basket.total") == shop.rpg.node(shop["Basket.total"])
    assert shop.rpg.find("shop/cart.py", "Basket.total") is None


def test_a_new_name_renames_the_place_and_all_inside(shop: Shop) -> None:
    shop.rpg.update(shop["Basket"], name="Trolley")
    assert shop.rpg.node(shop["Basket.total"]).qualname == "Trolley.total"
    assert shop.rpg.by_name(NodeKind.CLASS, "Basket") == []


def test_a_feature_named_by_its_phrase_stays_so(shop: Shop) -> None:
    changed = shop.rpg.update(shop["print a receipt"], name="print two receipts")
    assert changed.feature == "print two receipts"
    changed = shop.rpg.update(shop["print a receipt"], feature="print no receipt")
    assert changed.name == "print no receipt"


def test_the_old_path_of_a_renamed_file_is_free_again(shop: Shop) -> None:
    shop.rpg.update(shop["shop/cart.py"], place=Place("shop/basket.py"))
    fresh = shop.rpg.add(NodeKind.FILE, "cart.py", shop["Cart"], place=Place("shop/cart.py"))
    assert fresh.id != shop["shop/cart.py"]
    with pytest.raises(DuplicateNode):
        shop.rpg.add(NodeKind.FILE, "cart.py", shop["Cart"], place=Place("shop/cart.py"))


def test_move_re_parents_and_re_places(shop: Shop) -> None:
    moved = shop.rpg.move(shop["Basket"], shop["shop/checkout.py"])
    assert moved.place == Place("shop/checkout.py", "Basket", signature="class Basket")
    assert shop.rpg.node(shop["Basket.total"]).path == "shop/checkout.py"
    assert shop.rpg.ancestor(shop["sum the prices"], NodeKind.AREA) == shop.rpg.node(shop["Checkout"])


def test_a_feature_moved_below_a_definition_is_implemented(shop: Shop) -> None:
    feature = shop.rpg.add(NodeKind.FEATURE, "refund a payment", shop["Checkout"])
    shop.rpg.move(feature.id, shop["pay"])
    assert shop.rpg.parent(feature.id) == shop.rpg.node(shop["pay"])


def test_a_node_cannot_move_into_itself() -> None:
    rpg = RPG.new("r")
    outer = rpg.add(NodeKind.CATEGORY, "outer", rpg.root.id)
    inner = rpg.add(NodeKind.CATEGORY, "inner", outer.id)
    before = to_json(rpg)
    for target in (outer.id, inner.id):
        with pytest.raises(InvariantViolated, match="lies inside it"):
            rpg.move(outer.id, target)
    assert to_json(rpg) == before


@pytest.mark.parametrize("name", ["remove", "move"])
def test_the_repository_stays(shop: Shop, name: str) -> None:
    with pytest.raises(InvariantViolated):
        shop.rpg.remove(shop["shop"]) if name == "remove" else shop.rpg.move(shop["shop"], shop["Cart"])


def test_remove_takes_the_subtree_and_its_edges(shop: Shop) -> None:
    removed = shop.rpg.remove(shop["Cart"])
    assert {shop["shop/cart.py"], shop["Basket.total"], shop["sum the prices"]} < set(removed)
    assert all(each not in shop.rpg for each in removed)
    assert [edge.kind for edge in shop.rpg.edges() if edge.kind is not EdgeKind.CONTAINS] == [EdgeKind.USES]
    assert shop.rpg.find("shop/cart.py") is None


def test_prune_empty_removes_what_it_left_empty() -> None:
    rpg = RPG.new("r")
    area = rpg.add(NodeKind.AREA, "area", rpg.root.id)
    outer = rpg.add(NodeKind.CATEGORY, "outer", area.id)
    inner = rpg.add(NodeKind.CATEGORY, "inner", outer.id)
    assert set(rpg.prune_empty([NodeKind.CATEGORY])) == {outer.id, inner.id}
    assert area.id in rpg
    assert rpg.prune_empty([NodeKind.AREA, NodeKind.REPOSITORY]) == (area.id,)


def test_prune_empty_of_no_kind_removes_nothing(shop: Shop) -> None:
    assert shop.rpg.prune_empty([]) == ()


def test_unknown_ids_are_refused_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(UnknownNode, match="did you mean") as caught:
        shop.rpg.node(shop["pay"][:-1] + "x")
    assert shop["pay"] in caught.value.hint


def test_a_copy_is_equal_and_independent(shop: Shop) -> None:
    twin = shop.rpg.copy()
    assert twin == shop.rpg
    twin.remove(shop["Cart"])
    twin.update(shop["Checkout"], name="Till")
    assert twin != shop.rpg
    assert shop.rpg == build_shop().rpg


def test_the_order_of_nodes_is_that_of_the_tree(shop: Shop) -> None:
    seen: set[str] = set()
    for node in shop.rpg.nodes():
        parent = shop.rpg.parent(node.id)
        assert parent is None or parent.id in seen
        seen.add(node.id)
    assert len(seen) == len(shop.rpg)


def test_states_compare_by_progress() -> None:
    assert sorted(State, reverse=True) == list(reversed(State))
    assert State.STUBBED > State.PLANNED
    assert State.STUBBED <= State.STUBBED
    assert State.STUBBED >= "planned"


def test_ten_thousand_nodes_are_built_in_two_seconds() -> None:
    rpg = RPG.new("large")
    start = time.process_time()
    for number in range(1000):
        file = rpg.add(NodeKind.FILE, f"m{number}.py", rpg.root.id, place=Place(f"large/m{number}.py"))
        for unit in range(9):
            rpg.add(NodeKind.FUNCTION, f"f{unit}", file.id)
    assert len(rpg) == 10_001
    assert time.process_time() - start < 2.0


def _one_of_each(rpg: RPG, mark: str = "") -> dict[NodeKind, str]:
    root = rpg.root.id
    found = {NodeKind.REPOSITORY: root}
    for kind in (NodeKind.AREA, NodeKind.CATEGORY, NodeKind.FEATURE):
        found[kind] = rpg.add(kind, f"some {kind}{mark}", root).id
    found[NodeKind.DIRECTORY] = rpg.add(NodeKind.DIRECTORY, "d", root, place=Place(f"each{mark}")).id
    file = rpg.add(NodeKind.FILE, "f.py", root, place=Place(f"each{mark}.py")).id
    found[NodeKind.FILE] = file
    found[NodeKind.CLASS] = rpg.add(NodeKind.CLASS, "C", file).id
    found[NodeKind.METHOD] = rpg.add(NodeKind.METHOD, "m", found[NodeKind.CLASS]).id
    for kind in sorted(set(NodeKind) - set(found)):
        found[kind] = rpg.add(kind, f"x_{kind}", file).id
    return found
