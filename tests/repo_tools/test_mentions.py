from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.repo_tools.mentions import Frame, Zone, read_issue

ISSUE = """\
Basket.total() forgets the discount
<!-- do not touch -->
The method `sum_prices` in shop/cart.py is wrong, see
https://example.com/org/shop/blob/1a2b3c/shop/price.py#L14 and old_total.

```python
from shop.cart import Basket
Basket().total()
```

Traceback (most recent call last):
  File "/home/me/shop/cart.py", line 12, in total
    return sum_prices(self.items)
  File "C:\\\\shop\\\\price.py", line 3, in sum_prices
    raise PriceError("no price")
PriceError: no price

### Versions

python 3.12, numpy 1.26
"""


def test_the_zones_of_an_issue() -> None:
    issue = read_issue(ISSUE)
    assert issue.text(Zone.TITLE) == "Basket.total() forgets the discount"
    assert "sum_prices` in shop/cart.py" in issue.text(Zone.PROSE)
    assert issue.text(Zone.CODE) == "from shop.cart import Basket\nBasket().total()"
    assert "return sum_prices" in issue.text(Zone.TRACE)
    assert "numpy 1.26" in issue.text(Zone.ENVIRONMENT)
    assert "do not touch" not in issue.text(*Zone)


def test_frames_and_links_are_places() -> None:
    frames = read_issue(ISSUE).frames
    assert Frame("/home/me/shop/cart.py", 12, "total") in frames
    assert Frame("shop/price.py", 14) in frames
    assert [frame.function for frame in frames] == ["", "total", "sum_prices"]
    assert frames[2].path.endswith("shop//price.py")


@pytest.mark.parametrize(
    ("text", "frame"),
    [
        ("x\nsrc/a.py:7: AssertionError", Frame("src/a.py", 7)),
        ("x\nsrc/a.py:7: in run", Frame("src/a.py", 7, "run")),
        ("x\n~/lib/a.py in run(self, x)", Frame("~/lib/a.py", 0, "run")),
    ],
)
def test_frames_of_other_tools(text: str, frame: Frame) -> None:
    assert read_issue(text).frames == (frame,)


def test_paths_are_found_with_either_slash() -> None:
    assert read_issue(r"see shop/cart.py, shop\price.py and notes.txt").paths == ("shop/cart.py", "shop/price.py")


@pytest.mark.parametrize(
    ("text", "name", "strength"),
    [
        ("x\n`total` is off", "total", 3),
        ("x\ncall total() twice", "total", 3),
        ("x\nBasket.total is off", "Basket.total", 3),
        ("x\nBasket::total is off", "Basket.total", 3),
        ("x\nthe old_total is off", "old_total", 2),
        ("x\nthe ShoppingCart is off", "ShoppingCart", 2),
        ("x\nthe total is off", "total", 1),
    ],
)
def test_how_strongly_a_name_is_marked(text: str, name: str, strength: int) -> None:
    assert {symbol.name: symbol.strength for symbol in read_issue(text).symbols}[name] == strength


def test_a_symbol_keeps_its_best_zone_and_is_counted() -> None:
    found = {symbol.name: symbol for symbol in read_issue("old_total fails\n\n```\nold_total\n```\n").symbols}
    assert (found["old_total"].zone, found["old_total"].count) == (Zone.TITLE, 2)


@given(st.text(alphabet=st.sampled_from(list("aZ_.`\n\t #>\"',:()/\\0<!-~\r")), max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    issue = read_issue(text)
    assert bool(issue.segments) == bool(text.replace("\r\n", "\n").strip()) or "<!--" in text


def test_a_megabyte_takes_no_longer_than_its_beginning() -> None:
    issue = read_issue("broken\n" + "`" * 500_000 + "a.b(" * 100_000)
    assert issue.text(Zone.TITLE) == "broken"
