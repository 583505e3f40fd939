from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given

from repowright.graph.errors import GraphError
from repowright.graph.lint import STAGES, Finding, cohesion, coupling, lint, stage_of
from repowright.graph.model import RPG, EdgeKind, NodeKind, Place, State
from repowright.graph.tags import UNPARSED
from tests.graph.conftest import Shop, build_shop
from tests.graph.strategies import graphs

Fault = Callable[[Shop], object]


def _add_area(shop: Shop) -> None:
    shop.rpg.add(NodeKind.AREA, "Nothing", shop["shop"])


def _add_feature(phrase: str, parent: str) -> Fault:
    return lambda shop: shop.rpg.add(NodeKind.FEATURE, phrase, shop[parent])


def _add_file(path: str, *tags: str) -> Fault:
    def fault(shop: Shop) -> None:
        shop.rpg.add(NodeKind.FILE, path.rpartition("/")[2], shop["Cart"], place=Place(path), tags=tags)

    return fault


def _same_path(shop: Shop) -> None:
    shop.rpg.update(shop["shop/checkout.py"], place=Place("shop/cart.py"))


def _import_back(shop: Shop) -> None:
    shop.rpg.connect(shop["shop/cart.py"], shop["shop/checkout.py"], EdgeKind.IMPORTS)


def _call_back(shop: Shop) -> None:
    shop.rpg.connect(shop["Basket"], shop["pay"], EdgeKind.USES)


def _flow_back(shop: Shop) -> None:
    shop.rpg.connect(shop["Checkout"], shop["Cart"], EdgeKind.FLOWS, name="receipt", data_type="Receipt")


def _flow(data_type: str) -> Fault:
    def fault(shop: Shop) -> None:
        shop.rpg.connect(shop["Cart"], shop["Checkout"], EdgeKind.FLOWS, name="more", data_type=data_type)

    return fault


def _coupon_from(area: str) -> Fault:
    def fault(shop: Shop) -> None:
        path, signature = ("shop/cart.py", "def print_one() -> Coupon")
        if area == "Checkout":
            path, signature = ("shop/checkout.py", "def redeem(coupon: Coupon | None) -> int")
        place = Place(path, "coupons", signature=signature)
        shop.rpg.add(NodeKind.FUNCTION, "coupons", shop[path], place=place)
        _flow("Coupon")(shop)

    return fault


def _inherit_from_function(shop: Shop) -> None:
    shop.rpg.connect(shop["Receipt"], shop["fill"], EdgeKind.INHERITS)


def _no_entry_point(shop: Shop) -> None:
    shop.rpg.update(shop["shop/checkout.py"], tags=())


FAULTS: list[tuple[str, str, Fault, str]] = [
    ("duplicate-feature", "proposal", _add_feature("Pay for the basket!", "Cart"), "say the same"),
    ("similar-feature", "proposal", _add_feature("basket for a pay", "Cart"), "same words"),
    ("empty-area", "areas", _add_area, "area 'Nothing' is empty"),
    ("feature-outside-area", "areas", _add_feature("greet", "shop"), "feature 'greet' belongs to no area"),
    ("duplicate-path", "structure", _same_path, "shop/cart.py and shop/cart.py"),
    ("duplicate-path", "structure", _add_file("shop/Cart.py"), "shop/Cart.py and shop/cart.py"),
    ("path-not-python", "structure", _add_file("shop/notes.md"), "shop/notes.md"),
    ("path-not-identifier", "structure", _add_file("shop/my-cart.py"), "'my-cart'"),
    ("path-not-identifier", "structure", _add_file("shop/class.py"), "'class'"),
    ("path-outside-package", "structure", _add_file("cart.py"), "package folder shop"),
    ("file-without-feature", "structure", _add_file("shop/extra.py"), "shop/extra.py holds no feature"),
    ("feature-not-placed", "structure", _add_feature("greet", "Cart"), "feature 'greet' is placed in no file"),
    ("file-cycle", "structure", _import_back, "shop/cart.py imports shop/checkout.py"),
    ("file-cycle", "structure", _call_back, "shop/cart.py:Basket uses shop/checkout.py:pay"),
    ("flow-cycle", "flows", _flow_back, "receipt flows from area 'Checkout' to area 'Cart'"),
    ("flow-without-type", "flows", _flow(""), "'more' from area 'Cart' to area 'Checkout' has no data type"),
    ("flow-type-unreadable", "flows", _flow("a list of baskets"), "'a list of baskets'"),
    ("inherits-non-class", "base_types", _inherit_from_function, "shop/cart.py:fill, which is a function"),
    ("unit-cycle", "base_types", _call_back, "shop/cart.py:Basket uses shop/checkout.py:pay"),
    ("unimplemented-feature", "interfaces", _add_feature("greet", "shop/cart.py"), "feature 'greet' in shop/cart.py"),
    ("file-without-unit", "interfaces", _add_file("shop/extra.py"), "shop/extra.py defines no class"),
    ("missing-entry-point", "interfaces", _no_entry_point, "repository 'shop' shall have an entry point"),
    ("unused-file", "interfaces", _no_entry_point, "nothing in shop/checkout.py is used"),
    ("flow-contradicted", "interfaces", _flow("Coupon"), "returns or defines Coupon"),
    ("flow-one-sided", "interfaces", _coupon_from("Cart"), "nothing in area 'Checkout' takes Coupon"),
    ("flow-one-sided", "interfaces", _coupon_from("Checkout"), "nothing in area 'Cart' returns or defines Coupon"),
]


def codes(findings: list[Finding]) -> set[str]:
    return {finding.code for finding in findings}


@pytest.mark.parametrize("stage", STAGES)
def test_a_faultless_plan_has_no_finding(shop: Shop, stage: str) -> None:
    assert lint(shop.rpg, stage) == []


@pytest.mark.parametrize(("code", "stage", "fault", "message"), FAULTS)
def test_each_fault_is_found_from_its_stage_on(code: str, stage: str, fault: Fault, message: str) -> None:
    shop = build_shop()
    fault(shop)
    earlier = STAGES[: STAGES.index(stage)]
    assert all(code not in codes(lint(shop.rpg, each)) for each in earlier)
    for each in STAGES[STAGES.index(stage) :]:
        found = [finding for finding in lint(shop.rpg, each) if finding.code == code]
        assert any(message in finding.message for finding in found), [str(finding) for finding in found]
        assert all(node in shop.rpg for finding in found for node in finding.nodes)


@pytest.mark.parametrize("tag", ["base-type", "package", "entry-point", "test"])
def test_a_tagged_file_needs_no_feature(shop: Shop, tag: str) -> None:
    _add_file("shop/extra.py", tag)(shop)
    assert "file-without-feature" not in codes(lint(shop.rpg, "structure"))


def test_a_package_marker_needs_no_definition_and_no_user(shop: Shop) -> None:
    _add_file("shop/__init__.py", "package")(shop)
    assert lint(shop.rpg, "interfaces") == []


def test_words_in_another_order_are_advice_only(shop: Shop) -> None:
    for phrase in ("turn bytes into text", "turn text into bytes"):
        shop.rpg.add(NodeKind.FEATURE, phrase, shop["fill"])
    found = lint(shop.rpg, "code")
    assert [(finding.code, finding.severity) for finding in found] == [("similar-feature", "warning")]


def test_phrases_that_differ_by_a_sign_are_not_the_same(shop: Shop) -> None:
    for phrase in ("parse C", "parse C++", "parse C#"):
        shop.rpg.add(NodeKind.FEATURE, phrase, shop["fill"])
    assert lint(shop.rpg, "code") == []


def test_an_empty_plan_has_no_feature() -> None:
    assert codes(lint(RPG.new("r"), "proposal")) == {"no-feature"}


def test_the_package_follows_from_the_files_where_none_is_named(shop: Shop) -> None:
    shop.rpg.update(shop["shop"], place=None)
    assert lint(shop.rpg, "structure") == []
    _add_file("other/cart.py")(shop)
    assert "path-outside-package" in codes(lint(shop.rpg, "structure"))


def test_mutual_recursion_inside_a_class_is_no_fault(shop: Shop) -> None:
    other = shop.rpg.add(NodeKind.METHOD, "count", shop["Basket"])
    shop.rpg.connect(other.id, shop["Basket.total"], EdgeKind.CALLS)
    shop.rpg.connect(shop["Basket.total"], other.id, EdgeKind.CALLS)
    assert "unit-cycle" not in codes(lint(shop.rpg, "code"))


@pytest.mark.parametrize("data_type", ["int", "dict[str, list[int]]", "Iterable[str] | None", "Basket", "'Basket'"])
def test_a_flow_that_the_signatures_bear_out_is_no_fault(shop: Shop, data_type: str) -> None:
    _flow(data_type)(shop)
    assert lint(shop.rpg, "interfaces") == []


def test_a_base_type_used_on_both_sides_bears_out_a_flow(shop: Shop) -> None:
    base = shop.rpg.add(NodeKind.CLASS, "Money", shop["shop/cart.py"], tags=["base-type"])
    _flow("Money")(shop)
    assert "flow-one-sided" in codes(lint(shop.rpg, "interfaces"))
    shop.rpg.connect(shop["Receipt"], base.id, EdgeKind.USES)
    assert not {"flow-one-sided", "flow-contradicted"} & codes(lint(shop.rpg, "interfaces"))


def test_fields_of_a_class_skeleton_count_for_a_flow(shop: Shop) -> None:
    _flow("Coupon")(shop)
    skeleton = "class Basket:\n    coupon: Coupon\n    def total(self) -> int: ..."
    shop.rpg.update(shop["Basket"], place=Place("shop/cart.py", "Basket", signature=skeleton))
    assert "flow-one-sided" in codes(lint(shop.rpg, "interfaces"))
    taking = "class Receipt:\n    def __init__(self, coupon: Coupon) -> None: ..."
    shop.rpg.update(shop["Receipt"], place=Place("shop/checkout.py", "Receipt", signature=taking))
    assert lint(shop.rpg, "interfaces") == []


def test_cohesion_is_the_share_of_joined_pairs() -> None:
    rpg, files = _files(4)
    area = rpg.nodes(NodeKind.AREA)[0]
    assert cohesion(rpg, area.id) == 0.0
    for src, dst in ((0, 1), (1, 0), (1, 2), (0, 3)):
        rpg.connect(files[src], files[dst], EdgeKind.IMPORTS)
    assert cohesion(rpg, area.id) == pytest.approx(3 / 6)
    assert cohesion(rpg, files[0]) == 1.0


def test_loose_parts_of_four_are_split_candidates_and_smaller_ones_not() -> None:
    rpg, files = _files(4)
    found = [finding for finding in lint(rpg, "interfaces") if finding.code == "split-candidate"]
    assert [(finding.severity, finding.nodes) for finding in found] == [("warning", (rpg.nodes(NodeKind.AREA)[0].id,))]
    rpg.remove(files[0])
    assert "split-candidate" not in codes(lint(rpg, "interfaces"))


def test_joined_areas_with_the_same_needs_are_merge_candidates() -> None:
    rpg, files = _files(3)
    other = rpg.add(NodeKind.AREA, "other", rpg.root.id)
    rpg.move(files[1], other.id)
    third = rpg.add(NodeKind.AREA, "third", rpg.root.id)
    rpg.move(files[2], third.id)
    first = rpg.nodes(NodeKind.AREA)[0].id
    for file in files[:2]:
        rpg.connect(file, files[2], EdgeKind.IMPORTS)
    assert coupling(rpg, first, other.id) == 1.0
    assert coupling(rpg, first, third.id) == 0.0
    assert "merge-candidate" not in codes(lint(rpg, "interfaces"))
    rpg.connect(files[0], files[1], EdgeKind.IMPORTS)
    assert "merge-candidate" in codes(lint(rpg, "interfaces"))


def test_errors_come_first(shop: Shop) -> None:
    _no_entry_point(shop)
    severities = [finding.severity for finding in lint(shop.rpg, "interfaces")]
    assert severities == sorted(severities)
    assert set(severities) == {"error", "warning"}


def test_an_unknown_stage_is_refused(shop: Shop) -> None:
    with pytest.raises(GraphError, match="no stage 'later'"):
        lint(shop.rpg, "later")


@given(graphs())
def test_the_linter_accepts_every_graph_and_always_says_the_same(rpg: RPG) -> None:
    assert lint(rpg, "code") == lint(rpg.copy(), "code")


def test_five_thousand_nodes_are_checked_in_five_seconds() -> None:
    rpg, files = _files(500)
    units = [rpg.add(NodeKind.FUNCTION, f"f{unit}", file).id for file in files for unit in range(9)]
    for number in range(15_000):
        rpg.connect(units[number % len(units)], units[number * 7919 % len(units)], EdgeKind.CALLS)
    start = time.process_time()
    lint(rpg, "code")
    assert time.process_time() - start < 5.0


def _files(count: int) -> tuple[RPG, list[str]]:
    rpg = RPG.new("r")
    area = rpg.add(NodeKind.AREA, "area", rpg.root.id)
    paths = [f"r/m{number}.py" for number in range(count)]
    return rpg, [rpg.add(NodeKind.FILE, path[2:], area.id, place=Place(path)).id for path in paths]


def test_graph_of_existing_source_is_checked_as_what_it_is() -> None:
    rpg = RPG.new("shop")
    area = rpg.add(NodeKind.AREA, "Shop", rpg.root.id)
    done = State.IMPLEMENTED
    one = rpg.add(NodeKind.FILE, "a.py", area.id, place=Place("a.py"), state=done)
    two = rpg.add(NodeKind.FILE, "b.py", area.id, place=Place("b.py"), state=done)
    rpg.add(NodeKind.FILE, "c.py", area.id, place=Place("c.py"), state=done, doc="no such encoding", tags=[UNPARSED])
    rpg.connect(one.id, two.id, EdgeKind.IMPORTS)
    rpg.connect(two.id, one.id, EdgeKind.IMPORTS)
    found = lint(rpg, stage_of(rpg))
    assert [(finding.code, finding.severity) for finding in found] == [
        ("unparsed-file", "warning"),
        ("file-cycle", "warning"),
    ]
    rpg.add(NodeKind.FEATURE, "sell things", area.id)
    assert stage_of(rpg) == "code"
