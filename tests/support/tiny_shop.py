"""A tiny repository that has a bit of everything a plan cannot hold."""

from __future__ import annotations

SHOP = {
    "shop/__init__.py": '''\
"""Sell things. Shop is a shop."""
from shop.cart import Cart
''',
    "shop/__main__.py": """\
from shop.desk import main

raise SystemExit(main())
""",
    "shop/errors.py": '''\
"""Errors."""


class ShopError(Exception):
    """Any error."""

    def __init__(self, why: str):
        super().__init__(why)
        self.why = why
''',
    "shop/cart.py": '''\
"""Carts."""
from dataclasses import dataclass
import numpy as np
from shop.errors import ShopError
from shop import price

LIMIT = 12
print('imported')


@dataclass
class Item:
    """A thing."""

    name: str
    weights: np.ndarray


class _Holder:
    """Holds items."""

    def hold(self, item: Item) -> None:
        for one in [item]:
            self.items = [one]


@np.vectorize
class Cart(_Holder):
    """A cart."""

    def add(self, item: "Item", most: int = LIMIT):
        """Add an item."""
        if not item:
            raise ShopError("nothing")
        _check(item)
        return price.total(self)


def _check(item):
    return price.rounded(1.0)
''',
    "shop/price.py": '''\
"""Prices."""
import shop.cart as cart


def total(what) -> float:
    """Return the total of a cart."""
    return rounded(sum(1 for _ in cart.Cart().items))


def rounded(value: float) -> float:
    """Return a rounded price."""
    return round(value, 2)
''',
    "shop/desk.py": '''\
"""Desk."""
from shop.cart import Cart


def main() -> int:
    """Run the shop."""
    Cart()
    return 0
''',
    "shop/static/app.js": """\
export function open() { return 1 }
""",
    "tests/test_cart.py": """\
from shop.cart import Cart


def test_cart():
    assert Cart()
""",
    "setup.py": """\
from setuptools import setup


def read():
    return 1


setup()
""",
}
