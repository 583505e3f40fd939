from __future__ import annotations

from pathlib import Path

import pytest
from rebuilding import seed_of_folder
from tiny_shop import SHOP

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.errors import PlanError, UserError
from repowright.agent.graph_origin import Keep
from repowright.agent.workflows.generate.code.workspace import file_source
from repowright.agent.workflows.generate.from_graph.circles import without_circles
from repowright.agent.workflows.generate.from_graph.naming import Renamer
from repowright.agent.workflows.generate.from_graph.seed import Seed
from repowright.agent.workflows.generate.plan import Library, Plan
from repowright.graph.encode import encode
from repowright.graph.kinds import EdgeKind, NodeKind


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop-1.0"
    for path, text in SHOP.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    encode(folder)
    return folder


def planted(seed: Seed, folder: Path) -> tuple[Plan, Library]:
    store = ArtifactStore(folder / "store")
    for content in seed.artifacts:
        store.put(content)
    return Plan.load(store, seed.record.plan), Library(store)


def said(seed: Seed) -> dict[str, tuple[str, ...]]:
    return {note.why: note.evidence for note in seed.record.notes}


def test_interfaces_keep_heads_and_give_up_what_a_plan_cannot_hold(shop: Path, tmp_path: Path) -> None:
    plan, library = planted(seed_of_folder(shop, Keep.INTERFACES), tmp_path)
    file = plan.rpg.find("src/shop/cart.py")
    assert file is not None
    source = file_source(plan, library, file, (), {})
    assert "def add(self, item: Item, most: int=12):" in source
    assert "class Cart(_Holder):" in source and "vectorize" not in source
    assert "weights: object" in source
    assert "print" not in source and "_check" not in source and "NotImplementedError" in source
    errors = plan.rpg.find("src/shop/errors.py")
    assert errors is not None and "self.why = why" in file_source(plan, library, errors, (), {})


def test_each_thing_left_out_is_listed_with_its_reason(shop: Path) -> None:
    found = said(seed_of_folder(shop, Keep.INTERFACES))
    assert found["test code"] == ("tests/test_cart.py",)
    assert found["not Python"] == ("shop/static/app.js",)
    assert found["outside the package shop"] == ("setup.py",)
    assert found["made from the plan"] == ("shop/__main__.py",)
    assert found["a private helper is the coder's business"] == ("shop/cart.py:_check",)
    assert any(
        "LIMIT" in one
        for one in found["module-level data is no unit of a plan; what needs it says so in its docstring"]
    )
    assert found["an annotation of an unknown type became `object`"] == ("shop/cart.py:Item",)
    assert found["a decorator that is unknown, or would run as a stub, was dropped"] == ("shop/cart.py:Cart",)


def test_circle_of_files_is_broken_the_same_way_every_time(shop: Path, tmp_path: Path) -> None:
    seeds = [seed_of_folder(shop, Keep.FILES) for _ in range(3)]
    assert seeds[0] == seeds[1] == seeds[2]
    plan, _ = planted(seeds[0], tmp_path)
    edges = {(plan.rpg.node(edge.src).path, plan.rpg.node(edge.dst).path) for edge in plan.rpg.edges(EdgeKind.IMPORTS)}
    both = {("src/shop/cart.py", "src/shop/price.py"), ("src/shop/price.py", "src/shop/cart.py")}
    assert len(edges & both) == 1
    (dropped,) = said(seeds[0])["a dependency that closed a circle of files was dropped"]
    assert tuple(dropped.split(" -> ")) in both - edges


def test_what_a_helper_needs_is_needed_by_who_uses_the_helper(shop: Path, tmp_path: Path) -> None:
    (shop / "shop" / "price.py").write_text(SHOP["shop/price.py"].replace("import shop.cart as cart\n", ""))
    encode(shop)
    plan, _ = planted(seed_of_folder(shop, Keep.INTERFACES), tmp_path)
    cart = plan.rpg.find("src/shop/cart.py", "Cart")
    assert cart is not None
    assert "rounded" in {node.name for node in plan.rpg.dependencies(cart.id, EdgeKind.CALLS)}


def test_entry_point_of_the_package_stays_the_entry_point(shop: Path, tmp_path: Path) -> None:
    plan, _ = planted(seed_of_folder(shop, Keep.INTERFACES), tmp_path)
    assert plan.command_line
    assert [node.name for node in plan.rpg.nodes(NodeKind.FUNCTION) if "entry-point" in node.tags] == ["main"]


def test_graph_alone_gives_heads_where_the_code_is_not_at_hand(shop: Path, tmp_path: Path) -> None:
    seed = seed_of_folder(shop, Keep.INTERFACES, code=False)
    assert not seed.origin.code
    plan, library = planted(seed, tmp_path)
    node = plan.rpg.find("src/shop/price.py", "rounded")
    assert node is not None
    assert "def rounded(value: float) -> float:" in library.get(plan.units[node.id]).skeleton


def test_features_alone_name_no_file_and_no_definition(shop: Path, tmp_path: Path) -> None:
    seed = seed_of_folder(shop, Keep.FEATURES)
    plan, _ = planted(seed, tmp_path)
    assert not plan.rpg.nodes(NodeKind.FILE, NodeKind.CLASS, NodeKind.FUNCTION)
    text = "\n".join([seed.spec.text, *(node.feature + node.doc for node in plan.rpg)])
    assert "cart.py" not in text and "_Holder" not in text


def test_alias_that_cannot_be_imported_is_refused(shop: Path) -> None:
    for alias in ("json", "class", "42", "!"):
        with pytest.raises(UserError, match="cannot be the name of a package"):
            seed_of_folder(shop, Keep.FILES, alias)


def test_graph_without_product_code_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test_a.py").write_text("def test_a():\n    assert True\n")
    encode(folder)
    with pytest.raises(PlanError, match="no Python code but tests"):
        seed_of_folder(folder, Keep.FEATURES)


def test_circles_go_at_their_lightest_edge_and_nowhere_else() -> None:
    weights = {("a", "b"): 5, ("b", "c"): 5, ("c", "a"): 2, ("c", "d"): 1, ("d", "c"): 9, ("e", "a"): 1}
    kept, dropped = without_circles(weights)
    assert dropped == (("c", "a"), ("c", "d"))
    assert set(kept) == set(weights) - set(dropped)


@pytest.mark.parametrize(
    ("old", "new", "project", "text", "renamed"),
    [
        (
            "requests",
            "httpeasy",
            "",
            "RequestsJar, REQUESTS_MAX, a requestsjar",
            "HttpeasyJar, HTTPEASY_MAX, a httpeasyjar",
        ),
        ("sklearn", "mlkit", "scikit-learn", "scikit-learn, sklearn.svm", "mlkit, mlkit.svm"),
        ("unit_converter", "metrology", "", "unit-converter, the Unit Converter", "metrology, the Metrology"),
        ("six", "py23", "", "sixty, six.moves", "sixty, py23.moves"),
        ("requests", "", "", "requests", "requests"),
    ],
)
def test_name_is_replaced_in_every_spelling(old: str, new: str, project: str, text: str, renamed: str) -> None:
    assert Renamer(old, new, project)(text) == renamed
