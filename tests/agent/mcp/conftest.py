from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

CART = '''\
"""Carts."""

from shop.price import total


class Cart:
    """A cart of things."""

    def sum(self, items):
        """Sum the prices of the items in the cart."""
        return total(items)
'''
PRICE = '''\
"""Prices."""


def total(items):
    """Add up what each item costs."""
    return sum(items)
'''
TEST = """\
from shop.cart import Cart


def test_an_empty_cart_costs_nothing():
    assert Cart().sum([]) == 0
"""


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPOWRIGHT_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "shop-project"
    for name, text in (("shop/cart.py", CART), ("shop/price.py", PRICE), ("tests/test_cart.py", TEST)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "shop/__init__.py").touch()
    return folder


@pytest.fixture
def shop_repository(shop: Path) -> Path:
    git(shop, "init", "--quiet")
    git(shop, "add", "--all")
    git(shop, "commit", "--quiet", "--message", "Begin")
    return shop
