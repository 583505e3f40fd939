from __future__ import annotations

from repowright.graph.encode.areas import Group
from repowright.graph.encode.lift_batches import MOST_UNITS, plan_batches
from repowright.graph.encode.lift_places import Placed, has_drifted, lifted_groups, moved_routes, word_marks
from repowright.graph.encode.lift_units import Block, LiftUnit, blocks_of
from repowright.graph.encode.lifter import Route
from repowright.graph.encode.nodes import NodeRow

SOURCE = '''class Cart:
    """Holds items."""

    def add(self, item):
        self.items.append(item)

    def total(self):
        def tax(value):
            return value
        return tax(sum(self.items))

LIMIT = 3

def main():
    return Cart()
'''


def rows(source: str = SOURCE) -> list[NodeRow]:
    del source
    return [
        NodeRow("f", "file", "cart.py"),
        NodeRow("c", "class", "Cart", "represent a cart", "Cart", 1, 10, parent=0),
        NodeRow("a", "method", "add", "add to cart", "Cart.add", 4, 5, parent=1),
        NodeRow("t", "method", "total", "return the total", "Cart.total", 7, 10, parent=1),
        NodeRow("x", "function", "tax", "return the tax", "Cart.total.tax", 8, 9, parent=3),
        NodeRow("l", "constant", "LIMIT", "hold the limit", "LIMIT", 12, 12, parent=0),
        NodeRow("m", "function", "main", "run the program", "main", 14, 15, parent=0),
    ]


def keys(source: str, path: str = "shop/cart.py") -> dict[str, str]:
    return {unit.node: unit.key for block in blocks_of(path, rows(), source) for unit in block.units}


def test_a_class_and_its_members_make_one_block() -> None:
    blocks = blocks_of("shop/cart.py", rows(), SOURCE)
    assert [[unit.qualname for unit in block.units] for block in blocks] == [
        ["Cart", "Cart.add", "Cart.total"],
        ["main"],
    ]


def test_a_class_is_shown_without_its_members() -> None:
    cart = blocks_of("shop/cart.py", rows(), SOURCE)[0].units[0]
    assert "Holds items" in cart.text
    assert "append" not in cart.text


def test_a_changed_method_changes_its_own_key_alone() -> None:
    before, after = keys(SOURCE), keys(SOURCE.replace("append", "insert"))
    assert {node for node in before if before[node] != after[node]} == {"a"}


def test_keys_survive_moves_and_comments() -> None:
    assert keys(SOURCE) == keys(SOURCE.replace("append(item)", "append( item )  # one more"), "other/place.py")


def test_tests_are_not_lifted() -> None:
    marked = [row._replace(tags=("test",)) if row.kind == "file" else row for row in rows()]
    assert blocks_of("tests/test_cart.py", marked, SOURCE) == []


def block(path: str, *sizes: int) -> Block:
    units = [LiftUnit(f"{path}{i}", f"{path}{i}", path, "q", "", "x" * (size * 7 // 2)) for i, size in enumerate(sizes)]
    return Block(path, tuple(units))


def test_batches_end_between_files_once_they_are_large_enough() -> None:
    batches = plan_batches([block("a", 6000), block("a", 6000), block("b", 6000), block("c", 9000), block("d", 1)])
    assert [[each.path for each in batch] for batch in batches] == [["a", "a"], ["b", "c"], ["d"]]


def test_a_class_is_divided_only_if_it_is_too_large_alone() -> None:
    batches = plan_batches([block("a", 30_000), block("a", 15_000, 15_000), block("a", 40_000, 40_000)])
    assert [[len(each.units) for each in batch] for batch in batches] == [[1], [2], [1], [1]]


def test_no_unit_is_left_out_of_the_batches() -> None:
    blocks = [block(f"file{number}", *([5] * 90)) for number in range(20)]
    batches = plan_batches(blocks)
    assert all(sum(len(each.units) for each in batch) <= MOST_UNITS for batch in batches)
    assert [unit for batch in batches for each in batch for unit in each.units] == [
        unit for each in blocks for unit in each.units
    ]


PLAN = [Group("Shop", "", ("shop/a.py", "shop/b.py", "shop/new.py")), Group("Tests", "", ("tests/test_a.py",))]


def test_routed_files_hang_where_the_model_wants_them_and_the_rest_with_their_folder() -> None:
    placed = {"shop/a.py": Placed(Route("Sales", ("carts", "totals"))), "shop/b.py": Placed(Route("Sales", ("carts",)))}
    placed["shop/c.py"] = placed["shop/b.py"]
    assert lifted_groups(PLAN, placed) == [
        Group("Sales", "carts", ("shop/b.py", "shop/new.py")),
        Group("Sales", "carts/totals", ("shop/a.py",)),
        Group("Tests", "", ("tests/test_a.py",)),
    ]


def test_without_routes_the_plan_stands() -> None:
    assert lifted_groups(PLAN, {}) == PLAN


def test_a_renamed_file_keeps_its_route() -> None:
    marks = word_marks(["add items to a cart"])
    placed = {"old.py": Placed(Route("Sales", ("carts",)), marks)}
    new = {"new.py": marks, "other.py": word_marks(["parse rows"])}
    assert moved_routes(placed, new, new) == {"new.py": placed["old.py"]}
    assert moved_routes(placed, new, [*new, "old.py"]) == {}


def test_drift_needs_most_words_to_change() -> None:
    before = word_marks(["add items to a cart", "return the total price"])
    assert not has_drifted(before, word_marks(["add items to a cart", "return the whole price"]))
    assert has_drifted(before, word_marks(["parse rows of csv files"]))
