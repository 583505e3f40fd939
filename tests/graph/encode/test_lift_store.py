from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import ormsgpack
import pytest

from repowright.graph.encode.lift_batches import Batch
from repowright.graph.encode.lift_marks import is_lifted
from repowright.graph.encode.lift_store import LiftReport, lift_stored, recall_stored
from repowright.graph.encode.lifter import Answers, AreaBrief, Areas, FileBrief, Route, Routes
from repowright.graph.encode.pipeline import Means, update
from repowright.graph.store import Store
from repowright.repo_tools.snapshot import MemorySnapshot

FILES = {
    "shop/cart.py": 'class Cart:\n    """A cart."""\n\n    def add(self, item):\n        self.items.append(item)\n',
    "shop/prices.py": "def total(cart):\n    return sum(cart.items)\n",
    "tests/test_cart.py": "def test_add():\n    assert True\n",
}


@dataclass
class RuleLifter:
    """Writes features by rule, and notes what it was asked."""

    model: str = "rule"
    asked: list[str] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    broken: bool = False

    async def features(self, batch: Batch) -> Answers:
        names = {unit.key: unit.qualname for block in batch for unit in block.units}
        self.asked += names.values()
        refused = tuple((name, "no answer") for name in names.values() if name in self.refused)
        return Answers(
            {key: f"lift {name} by rule".lower() for key, name in names.items() if name not in self.refused}, refused
        )

    async def summaries(self, files: Sequence[FileBrief]) -> Answers:
        self.asked += [brief.path for brief in files]
        if self.broken:
            raise ConnectionError("no endpoint")
        return Answers({brief.path: f"summarise {brief.path} by rule" for brief in files})

    async def areas(self, files: Sequence[FileBrief]) -> Areas:
        self.asked.append("areas")
        return Areas((AreaBrief("Buying", "Carts."), AreaBrief("Paying", "Prices.")))

    async def routes(self, files: Sequence[FileBrief], areas: Sequence[AreaBrief], tree: Sequence[Route]) -> Routes:
        self.asked += [f"route {brief.path}" for brief in files]
        return Routes({brief.path: self._route(brief.path) for brief in files})

    def _route(self, path: str) -> Route:
        return Route("Paying", ("prices",)) if "price" in path else Route("Buying", ("carts", "items"))


@dataclass
class Bench:
    """A stored graph of files in memory."""

    store: Store
    files: dict[str, str]

    def update(self, changes: Mapping[str, str | None] | None = None) -> None:
        for path, text in (changes or {}).items():
            if text is None:
                del self.files[path]
            else:
                self.files[path] = text
        update(self.store, self.snapshot, (), Means(workers=0))

    @property
    def snapshot(self) -> MemorySnapshot:
        return MemorySnapshot({path: text.encode() for path, text in self.files.items()}, "shop")

    async def lift(self, lifter: RuleLifter | None) -> LiftReport:
        return await lift_stored(self.store, self.snapshot.read, lifter)

    def features(self) -> dict[str, str]:
        with self.store.reading():
            rows = [row for _, nodes, _ in self.store.segments() for row in ormsgpack.unpackb(nodes)]
        return {row[4] or row[2]: row[3] for row in rows}

    def groups(self) -> dict[str, str]:
        with self.store.reading():
            return {path: f"{area}/{category}" for area, category, paths in self.store.groups() for path in paths}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with Store(tmp_path / "graph.rpg", create=True) as store:
        made = Bench(store, dict(FILES))
        made.update()
        yield made


async def test_features_and_places_of_the_model_are_in_the_stored_graph(bench: Bench) -> None:
    report = await bench.lift(RuleLifter())
    assert bench.features() == {
        "cart.py": "summarise shop/cart.py by rule",
        "Cart": "lift cart by rule",
        "Cart.add": "lift cart.add by rule",
        "prices.py": "summarise shop/prices.py by rule",
        "total": "lift total by rule",
        "test_cart.py": "test the cart",
        "test_add": "test the add",
    }
    assert bench.groups() == {
        "shop/cart.py": "Buying/carts/items",
        "shop/prices.py": "Paying/prices",
        "tests/test_cart.py": "Tests/",
    }
    assert (report.units, report.lifted, report.areas, report.problems) == (5, 5, 2, ())


async def test_nothing_is_asked_twice(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    again = RuleLifter()
    report = await bench.lift(again)
    assert again.asked == []
    assert (report.asked, report.changed) == (0, 0)


async def test_format_and_comments_cost_nothing_and_keep_features(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    before = bench.features(), bench.groups()
    bench.update({"shop/prices.py": "# Prices.\n\ndef total( cart ):\n    return sum(cart.items)  # all\n"})
    again = RuleLifter()
    await bench.lift(again)
    assert [one for one in again.asked if one != "shop/prices.py"] == []
    assert (bench.features()["total"], bench.groups()) == (before[0]["total"], before[1])


async def test_a_changed_definition_alone_is_asked_again(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    bench.update({"shop/cart.py": FILES["shop/cart.py"].replace("append", "insert")})
    again = RuleLifter()
    await bench.lift(again)
    assert again.asked == ["Cart.add"]


async def test_a_failed_unit_keeps_its_own_phrase_is_told_of_and_asked_next_time(bench: Bench) -> None:
    report = await bench.lift(RuleLifter(refused=frozenset(["total"])))
    assert report.problems == (("total", "no answer"),)
    assert bench.features()["total"] == "return the total"
    assert bench.features()["Cart"] == "lift cart by rule"
    again = RuleLifter()
    await bench.lift(again)
    assert again.asked[0] == "total"
    assert bench.features()["total"] == "lift total by rule"


async def test_what_was_answered_before_an_error_is_kept(bench: Bench) -> None:
    with pytest.raises(ConnectionError):
        await bench.lift(RuleLifter(broken=True))
    again = RuleLifter()
    await bench.lift(again)
    assert "Cart" not in again.asked
    assert "shop/cart.py" in again.asked
    assert bench.features()["Cart"] == "lift cart by rule"


async def test_a_new_file_is_routed_into_the_areas_that_are_there(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    bench.update({"shop/price_lists.py": "def load_list(path):\n    return path\n"})
    again = RuleLifter()
    await bench.lift(again)
    assert again.asked == ["load_list", "shop/price_lists.py", "route shop/price_lists.py"]
    assert bench.groups()["shop/price_lists.py"] == "Paying/prices"


async def test_a_renamed_file_keeps_features_and_place(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    bench.update({"shop/prices.py": None, "shop/sums.py": FILES["shop/prices.py"]})
    again = RuleLifter()
    await bench.lift(again)
    assert again.asked == ["shop/sums.py"]
    assert bench.groups()["shop/sums.py"] == "Paying/prices"


async def test_a_file_about_something_else_is_routed_anew(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    bench.update({"shop/prices.py": "def parse_rows(text):\n    return text\n\ndef write_table(rows):\n    pass\n"})
    again = RuleLifter()
    await bench.lift(again)
    assert "route shop/prices.py" in again.asked


async def test_an_area_without_files_is_gone(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    bench.update({"shop/prices.py": None})
    report = await bench.lift(RuleLifter())
    assert report.areas == 1
    assert {place.partition("/")[0] for place in bench.groups().values()} == {"Buying", "Tests"}


async def test_evolving_without_a_model_keeps_what_one_has_said(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    before = bench.features()
    bench.update({"shop/cart.py": FILES["shop/cart.py"] + "\n\ndef empty(cart):\n    cart.items = []\n"})
    report = await bench.lift(None)
    assert bench.features() == before | {"cart.py": bench.features()["cart.py"], "empty": "empty the given input"}
    assert bench.groups()["shop/cart.py"] == "Buying/carts/items"
    assert report.asked == 0


async def test_a_file_that_is_broken_for_a_while_keeps_its_place(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    bench.update({"shop/prices.py": "\0"})
    again = RuleLifter()
    await bench.lift(again)
    bench.update({"shop/prices.py": FILES["shop/prices.py"]})
    await bench.lift(again)
    assert again.asked == []
    assert bench.groups()["shop/prices.py"] == "Paying/prices"
    assert bench.features()["total"] == "lift total by rule"


async def test_recalling_looks_at_changed_files_alone(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    assert recall_stored(bench.store, bench.snapshot.read).units == 0
    bench.update({"shop/prices.py": FILES["shop/prices.py"] + "# more\n"})
    report = recall_stored(bench.store, bench.snapshot.read)
    assert (report.units, report.lifted, report.changed) == (2, 2, 2)


async def test_a_new_test_file_moves_nothing_that_a_model_has_placed(bench: Bench) -> None:
    await bench.lift(RuleLifter())
    before = bench.groups()
    bench.update({"tests/test_prices.py": "def test_total():\n    assert True\n"})
    recall_stored(bench.store, bench.snapshot.read)
    assert bench.groups() == before | {"tests/test_prices.py": "Tests/"}


async def test_a_graph_knows_whether_it_is_lifted(bench: Bench) -> None:
    with bench.store.reading():
        assert not is_lifted(bench.store)
    await bench.lift(RuleLifter())
    with bench.store.reading():
        assert is_lifted(bench.store)
