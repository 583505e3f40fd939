from __future__ import annotations

from pathlib import Path

import pytest

from repowright.agent.graph_tools import FetchArguments, graph_tools
from repowright.agent.llm import Finished
from repowright.agent.workflows.locate.answer import Answer, AnswerTool, Pick, Settled
from repowright.agent.workflows.locate.names import Names
from repowright.agent.workflows.locate.reading import ReadingTool
from repowright.agent.workflows.locate.survey import MOST_CHARACTERS, survey
from repowright.agent.workflows.locate.workflow import MOST_ISSUE, merged, shortened
from repowright.graph.encode import encode, load_graph
from repowright.graph.model import RPG
from repowright.repo_tools.snapshot import MemorySnapshot

SHOP = {
    "shop/cart.py": b'''"""Carts."""

class Cart:
    """A cart."""

    def __init__(self):
        self.items = []

    def add(self, item):
        """Add an item to the cart."""
        self.items.append(item)

    def total(self):
        def price(item):
            return item.price
        return sum(map(price, self.items))
''',
    "shop/till.py": b'''from shop.cart import Cart

class Empty:
    pass

def pay(cart: Cart):
    """Take the money."""
    return cart.total()
''',
}


@pytest.fixture
def rpg(tmp_path: Path) -> RPG:
    return load_graph(encode(MemorySnapshot(SHOP, "shop"), tmp_path / "shop.rpg").store_path)


def test_survey_tells_starred_functions_in_full_and_others_by_name(rpg: RPG) -> None:
    text = survey(rpg, ["shop/cart.py"], ["shop/cart.py:Cart.add", "shop/till.py:pay"])
    assert "  *1 Cart.add (9-11): add an item to the cart" in text
    assert "  others: Cart: __init__, total; Cart.total: price" in text
    assert "shop/till.py" in text and "  *2 pay (6-8): take the money" in text


def test_survey_without_features_names_only_places(rpg: RPG) -> None:
    text = survey(rpg, ["shop/cart.py"], ["shop/cart.py:Cart.add"], features=False)
    assert "Cart.add (9-11)" in text and "add an item" not in text


def test_survey_of_many_functions_stays_short(tmp_path: Path) -> None:
    body = "".join(f"def function_number_{number}_of_many():\n    pass\n" for number in range(2000)).encode()
    files = {f"pkg/m{number}.py": body for number in range(8)}
    rpg = load_graph(encode(MemorySnapshot(files, "many"), tmp_path / "many.rpg").store_path)
    text = survey(rpg, sorted(files), [f"pkg/m{number}.py:function_number_7_of_many" for number in range(8)])
    assert len(text) < MOST_CHARACTERS
    assert text.count("function_number_7_of_many") == 8 and "1999 others: fetch the path" in text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("shop/cart.py:Cart.add", "shop/cart.py:Cart.add"),
        ("shop.cart.Cart.add", "shop/cart.py:Cart.add"),
        ("Cart.total.price", "shop/cart.py:Cart.total"),
        ("shop/cart.py:Cart", "shop/cart.py:Cart.__init__"),
        ("shop/till.py:Empty", "shop/till.py:Empty"),
        ("pay()", "shop/till.py:pay"),
    ],
)
def test_names_of_a_model_stand_for_outermost_functions(rpg: RPG, written: str, meant: str) -> None:
    assert Names(rpg).resolve(written) == (meant, ())


def test_unknown_name_comes_with_what_is_near(rpg: RPG) -> None:
    found, near = Names(rpg).resolve("shop/cart.py:Cart.ad")
    assert found == "" and "Cart.add" in near[0]


async def test_answer_with_unknown_names_goes_back_once_and_then_counts_without_them(rpg: RPG) -> None:
    tool = AnswerTool(Names(rpg).resolve)
    answer = Answer(functions=[Pick(entity="Cart.ad", reason="typo"), Pick(entity="pay", reason="pays")])
    refused = await tool.call(answer)
    assert refused.startswith("not taken") and "Cart.ad" in refused
    with pytest.raises(Finished) as ended:
        await tool.call(answer)
    assert ended.value.result == [Settled("shop/till.py:pay", "pays")]


async def test_answer_that_names_nothing_at_all_ends_with_no_picks(rpg: RPG) -> None:
    tool = AnswerTool(Names(rpg).resolve)
    assert "names no function" in await tool.call(Answer(functions=[]))
    with pytest.raises(Finished) as ended:
        await tool.call(Answer(functions=[]))
    assert ended.value.result == []


def test_five_best_of_the_ranking_stay_among_ten_whatever_a_model_says() -> None:
    picks = [f"pick{number}" for number in range(10)]
    ranking = [f"rank{number}" for number in range(20)]
    ten = merged(picks, ranking)[:10]
    assert ten == [*picks[:5], *ranking[:5]]
    assert merged([], ranking) == ranking


def test_long_issue_keeps_its_beginning_and_its_end() -> None:
    text = shortened("a" * MOST_ISSUE + "the end")
    assert text.startswith("aaa") and text.endswith("the end") and "characters left out" in text
    assert shortened("short\n") == "short"


async def test_answer_that_begins_with_unread_code_goes_back_until_it_is_fetched(rpg: RPG) -> None:
    fetch = next(tool for tool in graph_tools(rpg) if tool.spec.name == "fetch")
    reading = ReadingTool(fetch, rpg)
    tool = AnswerTool(Names(rpg).resolve, reading.has_read)
    answer = Answer(functions=[Pick(entity="Cart.add", reason="adds")])
    assert "you have not read shop/cart.py:Cart.add" in await tool.call(answer)
    await reading.call(FetchArguments(code_entities=["shop/cart.py:Cart", "nowhere.py:x"]))
    assert reading.has_read("shop/cart.py:Cart.add") and not reading.has_read("shop/till.py:pay")
    await reading.call(FetchArguments(code_entities=["shop/till.py:1-6"]))
    assert reading.has_read("shop/till.py:pay")
    with pytest.raises(Finished):
        await tool.call(answer)
