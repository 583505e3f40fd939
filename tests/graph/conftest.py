from __future__ import annotations

from dataclasses import dataclass

import pytest

from repowright.graph.model import RPG, EdgeKind, NodeKind, Place


@dataclass(frozen=True)
class Shop:
    """A small, faultless plan at the interfaces stage, and the ids of its nodes by name."""

    rpg: RPG
    ids: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def build_shop() -> Shop:
    rpg = RPG.new("shop", "sell things", package="shop", tags=["has-entry-point"])
    ids: dict[str, str] = {"shop": rpg.root.id}
    for area, path, tags in (
        ("Cart", "shop/cart.py", ()),
        ("Checkout", "shop/checkout.py", ("entry-point",)),
    ):
        ids[area] = rpg.add(NodeKind.AREA, area, rpg.root.id).id
        name = path.rpartition("/")[2]
        ids[path] = rpg.add(NodeKind.FILE, name, ids[area], place=Place(path), tags=tags).id
    signatures = (
        (NodeKind.CLASS, "Basket", "shop/cart.py", "class Basket"),
        (NodeKind.FUNCTION, "fill", "shop/cart.py", "def fill(items: list[str]) -> Basket"),
        (NodeKind.FUNCTION, "pay", "shop/checkout.py", "def pay(basket: Basket) -> Receipt"),
        (NodeKind.CLASS, "Receipt", "shop/checkout.py", "class Receipt"),
    )
    for kind, name, path, signature in signatures:
        place = Place(path, name, signature=signature)
        ids[name] = rpg.add(kind, name, ids[path], place=place).id
    ids["Basket.total"] = rpg.add(NodeKind.METHOD, "total", ids["Basket"]).id
    for phrase, unit in (
        ("keep chosen items", "Basket"),
        ("sum the prices", "Basket.total"),
        ("fill a basket from names", "fill"),
        ("pay for a basket", "pay"),
        ("print a receipt", "Receipt"),
    ):
        ids[phrase] = rpg.add(NodeKind.FEATURE, phrase, ids[unit]).id
    rpg.connect(ids["fill"], ids["Basket"], EdgeKind.USES)
    rpg.connect(ids["pay"], ids["Basket.total"], EdgeKind.CALLS, lines=[12, 9])
    rpg.connect(ids["pay"], ids["Receipt"], EdgeKind.USES)
    rpg.connect(ids["shop/checkout.py"], ids["shop/cart.py"], EdgeKind.IMPORTS)
    rpg.connect(ids["Cart"], ids["Checkout"], EdgeKind.FLOWS, name="basket", data_type="Basket")
    return Shop(rpg, ids)


@pytest.fixture
def shop() -> Shop:
    return build_shop()
