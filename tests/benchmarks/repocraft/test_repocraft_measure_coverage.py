from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.benchmarks.repocraft.measure import embedding
from repowright.benchmarks.repocraft.measure.calibration import calibrate, drawn, gibberish
from repowright.benchmarks.repocraft.measure.clustering import Centroids, OutlierRule
from repowright.benchmarks.repocraft.measure.coverage import Assignment, coverage, leaf_vectors
from repowright.benchmarks.repocraft.measure.embedding import MiniLm, Vectors
from repowright.benchmarks.repocraft.measure.errors import EmbeddingUnavailable, TreeUnreadable
from repowright.benchmarks.repocraft.measure.features import ENCODED, PLANNED, features, features_of_folder
from repowright.benchmarks.repocraft.measure.reference_tree import Leaf, read_tree
from repowright.graph.kinds import NodeKind, State
from repowright.graph.model import RPG
from repowright.graph.records import Place

HTTP = (
    Leaf(("Requests",), "HTTP methods"),
    Leaf(("Requests",), "URL preparation"),
    Leaf(("Requests",), "Request headers"),
    Leaf(("Requests",), "Multipart request body"),
    Leaf(("Responses",), "JSON decoding of the response"),
    Leaf(("Responses",), "Iterating over response content"),
    Leaf(("Responses",), "Status codes"),
    Leaf(("Sessions",), "Sessions that persist settings"),
    Leaf(("Sessions",), "Following redirects"),
    Leaf(("Sessions",), "Transport adapters"),
    Leaf(("Cookies",), "Cookie jar"),
    Leaf(("Authentication",), "Basic authentication"),
    Leaf(("Authentication",), "Digest authentication"),
    Leaf(("Transport",), "Proxy support"),
    Leaf(("Transport",), "SSL certificate verification"),
    Leaf(("Transport",), "Timeouts and connection errors"),
)
TERMINAL = (
    Leaf(("Commands",), "Command groups"),
    Leaf(("Commands",), "Subcommand invocation"),
    Leaf(("Parameters",), "Command line options"),
    Leaf(("Parameters",), "Positional arguments"),
    Leaf(("Parameters",), "Parameter types and conversion"),
    Leaf(("Parameters",), "Environment variables for options"),
    Leaf(("Interaction",), "Prompting for input"),
    Leaf(("Interaction",), "Confirmation questions"),
    Leaf(("Interaction",), "Progress bars"),
    Leaf(("Interaction",), "Styled terminal output"),
    Leaf(("Help",), "Help page formatting"),
    Leaf(("Help",), "Usage errors"),
    Leaf(("Help",), "Shell completion"),
    Leaf(("Testing",), "Invoking commands in tests"),
)
AXES = ("parse", "render", "store", "send")
EVERYTHING_NEAR = OutlierRule(nearness=0.5, factor=-9.0)


class ByWord:
    """Each known word is an axis; what holds none points away from all."""

    name = "by word"

    def embed(self, phrases: Sequence[str]) -> Vectors:
        rows = [[float(word in phrase.split()) for word in AXES] + [0.0] for phrase in phrases]
        found = np.array(rows, np.float32).reshape(len(phrases), len(AXES) + 1)
        found[:, -1] = found.sum(axis=1) == 0
        vectors: Vectors = (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
        return vectors


class Mover:
    name = "a model"

    def __init__(self, moves: Mapping[str, int | None]) -> None:
        self._moves = moves

    def moves(self, leaves: Sequence[Leaf], found: Sequence[Assignment]) -> Mapping[str, int | None]:
        return self._moves


LEAVES = tuple(Leaf((), word) for word in AXES)


@pytest.fixture(scope="module")
def embedder() -> MiniLm:
    return MiniLm()


def installed(package: str) -> Path:
    found = importlib.util.find_spec(package)
    assert found is not None and found.origin is not None
    return Path(found.origin).parent


def test_coverage_and_novelty_by_hand() -> None:
    phrases = ["parse text", "parse numbers", "store rows", "juggle", "paint"]
    found = coverage(phrases, LEAVES, ByWord(), rule=EVERYTHING_NEAR)
    assert found.covered == (True, False, True, False)
    assert (found.coverage, found.novel, found.novelty) == (0.5, 2, 0.4)
    assert found.reassigned_by == "none"


def test_order_and_repetition_of_features_change_nothing() -> None:
    phrases = ["send mail", "parse text", "juggle"]
    one = coverage(phrases, LEAVES, ByWord(), rule=EVERYTHING_NEAR)
    assert coverage([*reversed(phrases), *phrases], LEAVES, ByWord(), rule=EVERYTHING_NEAR) == one


PHRASES = st.lists(
    st.builds(" ".join, st.lists(st.sampled_from([*AXES, "juggle"]), min_size=1, max_size=3)), max_size=40
)


@given(PHRASES, PHRASES)
def test_further_features_uncover_nothing(some: list[str], more: list[str]) -> None:
    before, after = (coverage(phrases, LEAVES, ByWord(), rule=EVERYTHING_NEAR) for phrases in (some, some + more))
    assert all(late or not early for early, late in zip(before.covered, after.covered, strict=True))
    assert set(before.assignments) <= set(after.assignments)


@given(PHRASES)
def test_moving_centroids_take_what_means_the_same(phrases: list[str]) -> None:
    found = coverage(phrases, LEAVES, ByWord(), Centroids.MOVING)
    assert [each.feature for each in found.assignments] == sorted(set(phrases))


@pytest.mark.parametrize("centroids", list(Centroids))
def test_no_feature_covers_nothing(centroids: Centroids) -> None:
    found = coverage([], LEAVES, ByWord(), centroids)
    assert (found.coverage, found.novelty) == (0.0, 0.0)


def test_moving_centroids_with_fewer_features_than_leaves() -> None:
    found = coverage(["parse text", "send mail"], LEAVES, ByWord(), Centroids.MOVING)
    assert found.covered == (True, False, False, True)


def test_a_single_leaf_is_judged_by_nearness_alone() -> None:
    found = coverage(["parse text", "juggle"], LEAVES[:1], ByWord())
    assert [each.leaf for each in found.assignments] == [None, 0]


def test_a_model_may_move_features_but_not_beyond_the_tree() -> None:
    moves = {"juggle": 1, "parse text": None, "store rows": 99, "unheard of": 0}
    found = coverage(
        ["parse text", "store rows", "juggle"], LEAVES, ByWord(), rule=EVERYTHING_NEAR, reassigner=Mover(moves)
    )
    assert {each.feature: each.leaf for each in found.assignments} == {"juggle": 1, "parse text": None, "store rows": 2}
    assert found.reassigned_by == "a model"


def test_a_project_covers_its_own_tree_and_not_the_others(embedder: MiniLm) -> None:
    requests, terminal = (features_of_folder(installed(name)).phrases for name in ("requests", "click"))
    own = coverage(requests, HTTP, embedder), coverage(terminal, TERMINAL, embedder)
    foreign = coverage(terminal, HTTP, embedder), coverage(requests, TERMINAL, embedder)
    assert min(each.coverage for each in own) > 0.9
    assert max(each.coverage for each in foreign) < 0.5
    assert max(each.novelty for each in own) < min(each.novelty for each in foreign)


def test_gibberish_covers_nothing_unless_centroids_move(embedder: MiniLm) -> None:
    phrases = gibberish(300)
    fixed, moving = (coverage(phrases, HTTP, embedder, centroids) for centroids in Centroids)
    assert (fixed.coverage, fixed.novelty) == (0.0, 1.0)
    assert moving.coverage == 1.0


def test_the_rule_in_use_beats_the_outlier_factor_alone(embedder: MiniLm) -> None:
    trees = {"http": leaf_vectors(HTTP, embedder), "terminal": leaf_vectors(TERMINAL, embedder)}
    named = {"http": "requests", "terminal": "click"}
    projects = {name: embedder.embed(features_of_folder(installed(package)).phrases) for name, package in named.items()}
    projects["gibberish"] = embedder.embed(gibberish(300))
    rule = OutlierRule()
    found = calibrate(projects, trees, [rule, *(OutlierRule(-1.0, factor) for factor in (-1.05, -1.15, -1.3, -1.5))])
    assert found[0].rule == rule and found[0].gap > 0.5 and found[0].gibberish == 0.0


def test_a_draw_keeps_the_order_and_depends_on_the_seed() -> None:
    phrases = [f"{number:04}" for number in range(500)]
    assert drawn(phrases, 600) == phrases
    assert drawn(phrases, 50) == sorted(drawn(phrases, 50)) == drawn(phrases, 50) != drawn(phrases, 50, seed=2)


def test_vectors_do_not_depend_on_company(embedder: MiniLm) -> None:
    alone = embedder.embed(["send a request"])[0]
    among = embedder.embed(["send a request", *gibberish(70), "build the body of a multipart upload from many parts"])[
        0
    ]
    assert np.allclose(alone, among, atol=1e-6) and np.linalg.norm(alone) == pytest.approx(1, abs=1e-5)
    assert embedder.embed([]).shape == (0, 384)


def test_other_weights_than_the_pinned_ones_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding, "_SHA256", dict.fromkeys(embedding._SHA256, "0" * 64))
    with pytest.raises(EmbeddingUnavailable, match="not the file that was pinned"):
        MiniLm()


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_package_is_named_with_the_extra(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    with pytest.raises(
        EmbeddingUnavailable, match=rf"need the package {package} \(pip install 'repowright\[repocraft\]'\)"
    ):
        MiniLm()


def test_built_features_of_a_plan_count_and_planned_ones_are_told() -> None:
    rpg = RPG.new("shop")
    area = rpg.add(NodeKind.AREA, "Cart", rpg.root.id)
    for phrase, state in (("add an item", State.VERIFIED), ("pay", State.PLANNED), ("sum prices", State.STUBBED)):
        rpg.add(NodeKind.FEATURE, phrase, area.id, feature=phrase, state=state)
    found = features(rpg)
    assert (found.phrases, found.source, found.unbuilt) == (("add an item",), PLANNED, 2)


def test_units_of_product_code_stand_in_where_there_is_no_plan() -> None:
    rpg = RPG.new("shop")
    area = rpg.add(NodeKind.AREA, "all", rpg.root.id)
    for path in ("shop/cart.py", "tests/test_cart.py"):
        file = rpg.add(NodeKind.FILE, path.rpartition("/")[2], area.id, place=Place(path), feature="hold a file")
        unit = rpg.add(NodeKind.CLASS, "Cart", file.id, feature=f"represent a cart of {path[:4]}")
        rpg.add(NodeKind.METHOD, "__init__", unit.id, feature="set up the cart")
        method = rpg.add(NodeKind.METHOD, "total", unit.id, feature="sum the  prices")
        rpg.add(NodeKind.FUNCTION, "inner", method.id, feature="help")
        rpg.add(NodeKind.CONSTANT, "LIMIT", file.id, feature="hold the limit")
    found = features(rpg)
    assert (found.phrases, found.source) == (("represent a cart of shop", "sum the prices"), ENCODED)


def test_measuring_a_folder_leaves_it_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "cart.py").write_text('def total(cart):\n    """Sum the prices."""\n    return sum(cart)\n')
    assert features_of_folder(tmp_path).phrases == ("sum the prices",)
    assert [path.name for path in tmp_path.iterdir()] == ["cart.py"]


def test_a_tree_in_any_of_its_shapes(tmp_path: Path) -> None:
    tree = {"A": ["one", " two "], "B": {"C": ["three"], "four": [], "five": {}}}
    (tmp_path / "t.json").write_text(json.dumps(tree))
    found = [leaf.path for leaf in read_tree(tmp_path / "t.json")]
    assert found == ["A / one", "A / two", "B / C / three", "B / four", "B / five"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("{}", "has no feature"),
        ('{"A": []}', None),
        ('{"A": [1]}', "at A stands 1"),
        ("7", "at its top stands 7"),
    ],
)
def test_a_malformed_tree_is_one_line(tmp_path: Path, text: str | None, words: str | None) -> None:
    if text is not None:
        (tmp_path / "t.json").write_text(text)
    if words is None:
        assert read_tree(tmp_path / "t.json") == (Leaf((), "A"),)
        return
    with pytest.raises(TreeUnreadable, match=words) as failure:
        read_tree(tmp_path / "t.json")
    assert "\n" not in str(failure.value)
