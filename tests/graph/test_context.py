from __future__ import annotations

import pytest

from repowright.graph.context import area_context, file_context, unit_context
from repowright.graph.errors import InvariantViolated, UnknownNode
from repowright.graph.model import EdgeKind, NodeKind, Place
from tests.graph.conftest import Shop


def test_a_unit_knows_what_surrounds_it(shop: Shop) -> None:
    found = unit_context(shop.rpg, shop["pay"])
    assert (found.file.id, found.area and found.area.id) == (shop["shop/checkout.py"], shop["Checkout"])
    assert found.features == ("pay for a basket",)
    assert {node.id for node in found.dependencies} == {shop["Basket.total"], shop["Receipt"]}
    assert [node.id for node in found.siblings] == [shop["Receipt"]]
    assert found.callers == ()
    assert [edge.name for edge in found.flows] == ["basket"]


def test_a_class_answers_for_its_methods(shop: Shop) -> None:
    found = unit_context(shop.rpg, shop["Basket"])
    assert sorted(found.features) == ["keep chosen items", "sum the prices"]
    assert {node.id for node in found.callers} == {shop["pay"], shop["fill"]}
    assert [node.id for node in found.siblings] == [shop["fill"]]


def test_a_method_has_its_class_not_among_its_siblings(shop: Shop) -> None:
    found = unit_context(shop.rpg, shop["Basket.total"])
    assert [node.id for node in found.siblings] == [shop["fill"]]
    assert [node.id for node in found.callers] == [shop["pay"]]


def test_base_types_are_reached_through_signatures_and_each_other(shop: Shop) -> None:
    file = shop.rpg.add(NodeKind.FILE, "types.py", shop["Cart"], place=Place("shop/types.py"), tags=["base-type"])
    for name, skeleton in (
        ("Order", "class Order:\n    price: Money"),
        ("Money", "class Money:\n    cents: int"),
        ("Unused", "class Unused: ..."),
    ):
        place = Place("shop/types.py", name, signature=skeleton)
        shop.rpg.add(NodeKind.CLASS, name, file.id, place=place, tags=["base-type"])
    shop.rpg.update(shop["pay"], place=Place("shop/checkout.py", "pay", signature="def pay(order: 'Order') -> None"))
    assert [node.name for node in unit_context(shop.rpg, shop["pay"]).base_types] == ["Money", "Order"]


def test_a_file_knows_what_it_imports_and_who_imports_it(shop: Shop) -> None:
    cart, checkout = (file_context(shop.rpg, shop[path]) for path in ("shop/cart.py", "shop/checkout.py"))
    assert [node.id for node in checkout.imports] == [shop["shop/cart.py"]]
    assert [node.id for node in cart.importers] == [shop["shop/checkout.py"]]
    assert cart.imports == checkout.importers == ()
    assert [node.name for node in cart.units] == ["Basket", "fill"]
    assert "sum the prices" in cart.features


def test_an_area_knows_its_flows(shop: Shop) -> None:
    cart, checkout = area_context(shop.rpg, shop["Cart"]), area_context(shop.rpg, shop["Checkout"])
    assert [node.id for node in cart.targets] == [shop["Checkout"]]
    assert [node.id for node in checkout.sources] == [shop["Cart"]]
    assert cart.inflows == checkout.outflows == ()
    assert [node.id for node in cart.files] == [shop["shop/cart.py"]]
    assert len(cart.units) == 3


def test_a_flow_between_units_counts_for_their_areas(shop: Shop) -> None:
    shop.rpg.connect(shop["pay"], shop["fill"], EdgeKind.FLOWS, name="names", data_type="list[str]")
    assert [edge.name for edge in area_context(shop.rpg, shop["Cart"]).inflows] == ["names"]
    assert [edge.name for edge in unit_context(shop.rpg, shop["pay"]).flows] == ["basket", "names"]


def test_the_wrong_kind_of_node_is_refused(shop: Shop) -> None:
    with pytest.raises(InvariantViolated, match="no definition"):
        unit_context(shop.rpg, shop["shop/cart.py"])
    with pytest.raises(InvariantViolated, match="no file"):
        file_context(shop.rpg, shop["pay"])
    with pytest.raises(InvariantViolated, match="no area"):
        area_context(shop.rpg, shop["pay"])
    with pytest.raises(UnknownNode):
        unit_context(shop.rpg, "nobody")
