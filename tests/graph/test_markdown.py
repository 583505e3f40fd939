from __future__ import annotations

import re

import pytest
from hypothesis import given

from repowright.graph.errors import SchemaError
from repowright.graph.markdown import from_markdown, to_markdown
from repowright.graph.model import RPG, EdgeKind, NodeKind
from repowright.graph.serial import to_json
from tests.graph.conftest import Shop
from tests.graph.strategies import graphs


def edited(shop: Shop, *changes: tuple[str, str]) -> RPG:
    text = to_markdown(shop.rpg)
    for pattern, new in changes:
        text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count == 1, pattern
    before = to_json(shop.rpg)
    found = from_markdown(text, shop.rpg)
    assert to_json(shop.rpg) == before
    return found


@given(graphs())
def test_an_unedited_plan_gives_the_same_graph(rpg: RPG) -> None:
    assert to_json(from_markdown(to_markdown(rpg), rpg)) == to_json(rpg)


@given(graphs())
def test_line_ends_and_bullets_of_an_editor_change_nothing(rpg: RPG) -> None:
    text = re.sub(r"^( *)- ", r"\1\1* ", to_markdown(rpg), flags=re.MULTILINE)
    assert from_markdown(text.replace("\n", "\r\n"), rpg) == rpg


def test_the_plan_reads_as_markdown(shop: Shop) -> None:
    lines = to_markdown(shop.rpg).splitlines()
    assert lines[0].startswith("# shop -- sell things <!-- ")
    assert any(re.fullmatch(r"## Cart <!-- \w+ -->", line) for line in lines)
    assert any(re.fullmatch(r"    - method: total <!-- \w+ -->", line) for line in lines)
    assert any(re.fullmatch(r"      - feature: sum the prices <!-- \w+ -->", line) for line in lines)


def test_a_feature_is_reworded(shop: Shop) -> None:
    found = edited(shop, ("sum the prices", "sum all prices"))
    assert found.node(shop["sum the prices"]).feature == "sum all prices"
    assert found.node(shop["sum the prices"]).name == "sum all prices"


def test_an_area_gets_another_name_and_a_phrase(shop: Shop) -> None:
    found = edited(shop, ("^## Cart ", "## Basket area -- hold goods "))
    area = found.node(shop["Cart"])
    assert (area.name, area.feature) == ("Basket area", "hold goods")


def test_a_file_is_renamed_with_all_inside(shop: Shop) -> None:
    found = edited(shop, ("file: shop/cart.py", "file: shop/basket/core.py"))
    assert found.node(shop["shop/cart.py"]).name == "core.py"
    assert found.node(shop["Basket.total"]).path == "shop/basket/core.py"


def test_a_class_is_renamed_with_its_methods(shop: Shop) -> None:
    found = edited(shop, ("class: Basket", "class: Trolley"))
    assert found.node(shop["Basket.total"]).qualname == "Trolley.total"
    assert found.node(shop["Basket"]).signature == "class Basket"


def test_a_deleted_line_takes_what_it_contains_and_its_edges(shop: Shop) -> None:
    text = to_markdown(shop.rpg)
    kept = [line for line in text.splitlines() if "Receipt" not in line and "print a receipt" not in line]
    found = from_markdown("\n".join(kept), shop.rpg)
    assert shop["Receipt"] not in found
    assert shop["print a receipt"] not in found
    assert found.dependencies(shop["pay"]) == [found.node(shop["Basket.total"])]


def test_a_feature_moves_to_another_file(shop: Shop) -> None:
    text = to_markdown(shop.rpg)
    line = next(line for line in text.splitlines() if "pay for a basket" in line)
    text = text.replace(line + "\n", "")
    text = re.sub(r"^(- file: shop/cart.py.*)$", rf"\1\n  {line.strip()}", text, flags=re.MULTILINE)
    found = from_markdown(text, shop.rpg)
    assert found.parent(shop["pay for a basket"]) == found.node(shop["shop/cart.py"])
    assert len(found) == len(shop.rpg)


def test_a_feature_outlives_the_area_it_is_moved_out_of(shop: Shop) -> None:
    text = to_markdown(shop.rpg)
    line = next(line for line in text.splitlines() if "pay for a basket" in line)
    head = text[: text.index("## Checkout")]
    found = from_markdown(head + line.strip() + "\n", shop.rpg)
    assert found.parent(shop["pay for a basket"]) == found.node(shop["Cart"])
    assert shop["Checkout"] not in found


def test_parent_and_child_trade_places() -> None:
    rpg = RPG.new("r")
    outer = rpg.add(NodeKind.CATEGORY, "outer", rpg.root.id)
    inner = rpg.add(NodeKind.CATEGORY, "inner", outer.id)
    lines = to_markdown(rpg).splitlines()
    first = next(index for index, line in enumerate(lines) if "outer" in line)
    lines[first], lines[first + 1] = lines[first + 1].strip(), "  " + lines[first]
    found = from_markdown("\n".join(lines), rpg)
    assert found.parent(outer.id) == found.node(inner.id)


def test_new_lines_add_areas_files_definitions_and_features(shop: Shop) -> None:
    text = to_markdown(shop.rpg) + (
        "\n## Returns -- take goods back\n\n- category: Refunds\n  - feature: refund a payment\n"
        "- file: shop/returns.py\n  - function: refund\n    - feature: refund in cash\n"
    )
    found = from_markdown(text, shop.rpg)
    area = found.by_name(NodeKind.AREA, "Returns")[0]
    assert area.feature == "take goods back"
    assert [node.label for node in found.descendants(area.id)] == [
        "category 'Refunds'",
        "feature 'refund a payment'",
        "shop/returns.py",
        "shop/returns.py:refund",
        "feature 'refund in cash'",
    ]


def test_a_line_that_lost_its_comment_is_still_the_same_node(shop: Shop) -> None:
    found = edited(shop, (r"(feature: pay for a basket).*", r"\1"), (r"(^## Checkout).*", r"\1"))
    assert found == shop.rpg


def test_edges_between_nodes_that_stay_are_kept(shop: Shop) -> None:
    found = edited(shop, ("class: Basket", "class: Trolley"))
    assert found.edges(EdgeKind.FLOWS) == shop.rpg.edges(EdgeKind.FLOWS)


@pytest.mark.parametrize(
    ("pattern", "new", "message"),
    [
        (r"^## Checkout.*", "some words", "no part of a plan"),
        (r"^## Checkout.*", "### Checkout", "no part of a plan"),
        (r"^- file: shop/checkout.*", "- thing: x", "no part of a plan"),
        (r"^- file: shop/checkout.py", "- file: ../out.py", "path inside the repository"),
        (r"^- file: shop/checkout.py", "- feature: pay", "of kind 'file', not 'feature'"),
        (r"(^## Checkout).*", r"\1 <!-- 0000 -->", "no node has the id '0000'"),
        (r"(^## Checkout).*", r"##  <!-- 0000 -->", "has no name"),
        (r"(.*pay for a basket.*)", r"\1\n\1", "already"),
        (r"(^.*pay for a basket.*)", "      - feature: sum the prices", "already"),
        (r"^- file: shop/checkout.py", "- method: pay", "of kind 'file', not 'method'"),
        (r"(^## Checkout.*)", r"\1\n- method: pay", "cannot contain method"),
    ],
)
def test_an_unusable_line_is_named(shop: Shop, pattern: str, new: str, message: str) -> None:
    text, count = re.subn(pattern, new, to_markdown(shop.rpg), flags=re.MULTILINE)
    assert count == 1
    with pytest.raises(SchemaError, match=rf"line \d+.*{message}"):
        from_markdown(text, shop.rpg)


@pytest.mark.parametrize("text", ["", "\n\n", "## Area\n", "- feature: x\n", "# a\n# b\n"])
def test_a_plan_needs_exactly_one_repository_line(shop: Shop, text: str) -> None:
    with pytest.raises(SchemaError, match="line"):
        from_markdown(text, shop.rpg)
