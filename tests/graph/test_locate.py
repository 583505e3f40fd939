from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from repowright.graph.encode import encode
from repowright.graph.errors import GraphError
from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.linear import LinearModel, model, parsed
from repowright.graph.locate.located import PARTS, Located
from repowright.graph.locate.locator import Locator, candidates
from repowright.graph.locate.paths import PathTable
from repowright.graph.locate.reading import KIND, graph_corpus, stored_corpus
from repowright.graph.locate.table import Table
from repowright.graph.sources import SnapshotSources
from repowright.graph.store import Store
from repowright.repo_tools.snapshot import MemorySnapshot
from tests.graph.library import SOURCES, build_library

SHOP = {
    "shop/cart.py": '''"""Shopping carts."""
from shop.price import round_price


class Cart:
    def add(self, item):
        self.items.append(item)

    def total(self):
        """Sum the prices of all items."""
        return round_price(sum(item.price for item in self.items))


class GiftCart(Cart):
    def total(self):
        return 0
''',
    "shop/price.py": '''def round_price(amount):
    """Round an amount to cents."""
    if amount < 0:
        raise ValueError("an amount cannot be below zero")
    return round(amount, 2)


def parse_price(text):
    return float(text)
''',
    "shop/stock.py": '''class Stock:
    def reserve(self, item):
        """Keep one item aside in the warehouse."""
        self.kept.append(item)
''',
    "tests/test_cart.py": "def test_total():\n    assert Cart().total() == 0\n",
}
SNAPSHOT = MemorySnapshot({path: text.encode() for path, text in SHOP.items()}, "shop")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    path = tmp_path_factory.mktemp("locate") / "shop.rpg"
    encode(SNAPSHOT, path)
    with Store(path) as store:
        return stored_corpus(store, SNAPSHOT)


def located(corpus: Corpus, text: str, *without: str) -> Located:
    return Locator(corpus).locate(text, without=without)


def evidence(found: Located) -> str:
    return "; ".join(found.functions[0].evidence)


def test_tests_are_no_candidates(corpus: Corpus) -> None:
    assert corpus.paths == ["shop/cart.py", "shop/price.py", "shop/stock.py"]


def test_a_qualified_name_is_found_and_said(corpus: Corpus) -> None:
    found = located(corpus, "Cart.total is wrong\n\nIt gives too much.")
    assert found.functions[0].label == "shop/cart.py:Cart.total"
    assert (found.functions[0].first, found.functions[0].last) == (9, 11)
    assert found.files[0].label == "shop/cart.py" and found.classes[0].qualname == "Cart"
    assert "named with its class or module in the title" in evidence(found)


def test_words_of_the_documentation_find_what_is_not_named(corpus: Corpus) -> None:
    found = located(corpus, "items are not kept aside when the warehouse is full")
    assert found.functions[0].label == "shop/stock.py:Stock.reserve"
    assert "shares the words" in evidence(found) and "warehouse" in evidence(found)


def test_a_quoted_message_finds_who_raises_it(corpus: Corpus) -> None:
    found = located(corpus, "Refunds fail\n\nValueError: an amount cannot be below zero")
    assert found.functions[0].label == "shop/price.py:round_price"
    assert "words of its messages are in the text" in evidence(found)


def test_the_last_frame_of_a_traceback_counts(corpus: Corpus) -> None:
    trace = 'Traceback (most recent call last):\n  File "/x/shop/price.py", line 9, in parse_price\n    boom\n'
    text = f"It crashes\n\n{trace}"
    found = located(corpus, text)
    assert found.functions[0].label == "shop/price.py:parse_price"
    assert found.functions[0].evidence[0] == "last frame of a traceback in this repository"
    assert "last place of a traceback" in found.files[0].evidence


def test_neighbours_are_evidence_unless_left_out(corpus: Corpus) -> None:
    text = "`round_price` is called with the sum of prices of items"
    lines = {each.qualname: each.evidence for each in located(corpus, text).functions}
    assert "calls round_price, named in the text" in lines["Cart.total"]
    lines = {each.qualname: each.evidence for each in located(corpus, text, "deps").functions}
    assert not any("calls" in line for line in lines["Cart.total"])


@pytest.mark.parametrize("part", PARTS)
def test_a_part_left_out_leaves_no_column(corpus: Corpus, part: str) -> None:
    text = "Cart.total sums the prices"
    whole, less = candidates(corpus, text).functions, candidates(corpus, text, [part]).functions
    column = {"features": "doc", "deps": "callee", "mentions": "named"}[part]
    assert whole.values[:, whole.names.index(column)].any()
    assert column not in less.names or not less.values[:, less.names.index(column)].any()


def test_the_same_answer_whatever_the_hash_seed() -> None:
    code = (
        "from tests.graph.test_locate import SHOP\n"
        "from repowright.graph.locate.corpus import Corpus\n"
        "from repowright.graph.locate.locator import Locator\n"
        "from repowright.repo_tools.languages.registry import frontend_for\n"
        "from repowright.repo_tools.textindex import bags\n"
        "from repowright.repo_tools.textindex.words import vocabulary\n"
        "files = [(p, bags.make_bag(frontend_for(p).read(p, t.encode()), t.encode(), vocabulary()))"
        " for p, t in SHOP.items()]\n"
        "print(Locator(Corpus(files)).locate('prices of `Cart` items are rounded\\n\\nsee shop/price.py'))"
    )
    root = Path(__file__).parents[2]
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
            cwd=root,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(answers) == 1 and "round_price" in answers.pop()


def test_bags_are_made_once_and_stale_ones_go(tmp_path: Path) -> None:
    path = tmp_path / "shop.rpg"
    encode(SNAPSHOT, path)
    changed = MemorySnapshot({**{p: t.encode() for p, t in SHOP.items()}, "shop/stock.py": b"def count():\n    pass\n"})
    with Store(path) as store:
        stored_corpus(store, SNAPSHOT)
        with store.reading():
            before = store.blobs(KIND)
    encode(changed, path)
    with Store(path) as store:
        assert "count" in stored_corpus(store, changed).index.names
        with store.reading():
            after = store.blobs(KIND)
    assert len(before) == len(after) == 3 and len(before.keys() & after.keys()) == 2


def test_a_graph_and_its_sources_are_enough() -> None:
    sources = SnapshotSources(MemorySnapshot({path: text.encode() for path, text in SOURCES.items()}))
    found = located(graph_corpus(build_library(), sources), "the book has no title although Store.save got one")
    assert found.functions[0].label == "library/store.py:Store.save"
    assert "library/store.py:check" in {each.label for each in found.functions[:3]}


@pytest.mark.parametrize("text", ["qqq zzz", "the", "!!", "\0", "x" * 200_000])
def test_a_text_that_nothing_answers_still_gets_an_answer(corpus: Corpus, text: str) -> None:
    found = located(corpus, text)
    assert len(found.files) == 3 and all(np.isfinite(each.score) for each in found.functions)


def test_an_empty_repository_answers_nothing() -> None:
    assert located(Corpus([]), "anything") == Located((), (), ())


@pytest.mark.parametrize(("text", "top", "without"), [(" \n", 10, ()), ("x", 0, ()), ("x", 3, ("graph",))])
def test_what_cannot_be_asked_is_refused(corpus: Corpus, text: str, top: int, without: tuple[str, ...]) -> None:
    with pytest.raises(GraphError):
        Locator(corpus).locate(text, top, without)


def test_the_shipped_models_speak_of_columns_that_exist(corpus: Corpus) -> None:
    found = candidates(corpus, "Cart.total")
    assert model("files").columns == found.files.names
    assert model("functions").columns == found.functions.names


def test_a_model_comes_back_from_json() -> None:
    made = LinearModel(("a", "b"), np.array([1.0, 0.0]), np.array([2.0, 1.0]), np.array([0.5, -1.0]))
    table = Table(np.arange(2), ("b", "c", "a"), np.array([[1, 9, 3], [100, 9, 1]], np.float32))
    assert parsed(made.as_json()).score(table).tolist() == made.score(table).tolist() == [-0.5, -5.0]


def test_paths_are_matched_by_their_ends() -> None:
    table = PathTable(["a/util.py", "b/util.py", "a/b/__init__.py"])
    assert table.by_path("/x/b/util.py") == ([1], 2)
    assert table.by_path("util.py") == ([0, 1], 1)
    assert table.by_path("") == ([], 0)
    assert table.by_module("a.b") == [2] and table.by_module("b.util") == [1]
