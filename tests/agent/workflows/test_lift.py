from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import ormsgpack
import pytest
from lift_rules import lift_answer

from repowright.agent.errors import ModelUnreachable, ReplayMiss, RunNotFound
from repowright.agent.events import Event, ReplyRejected
from repowright.agent.events import Warning as Warned
from repowright.agent.settings import Settings
from repowright.agent.side_record import recorded_shape
from repowright.agent.workflows.lift.session import LiftCost, lift_folder, lift_graph
from repowright.benchmarks.speed.synthetic import Mistakes, endpoint
from repowright.graph.encode.pipeline import Means, update
from repowright.graph.store import Store
from repowright.repo_tools.snapshot import MemorySnapshot

FILES = {
    "shop/cart.py": b'class Cart:\n    """A cart."""\n\n    def add(self, item):\n        self.items.append(item)\n',
    "shop/prices.py": b"def total(cart):\n    return sum(cart.items)\n",
}


class Shop:
    def __init__(self, folder: Path) -> None:
        self.store = Store(folder / "graph.rpg", create=True)
        self.snapshot = MemorySnapshot(FILES, "shop")
        self.told: list[Event] = []
        update(self.store, self.snapshot, (), Means(workers=0))

    async def lift(
        self, answer: Mistakes = lift_answer, *, url: str = "", replay: Path | None = None, **settings: object
    ) -> LiftCost:
        with endpoint(answer) as served:
            chosen = Settings.model_validate({"model": "rules", "base_url": url or served, **settings})
            return await lift_graph(
                self.store, self.snapshot.read, chosen, name="shop", replay=replay, subscribers=[self.told.append]
            )

    def features(self) -> dict[str, str]:
        with self.store.reading():
            rows = [row for _, nodes, _ in self.store.segments() for row in ormsgpack.unpackb(nodes)]
        return {row[4] or row[2]: row[3] for row in rows}

    def groups(self) -> dict[str, str]:
        with self.store.reading():
            return {path: f"{area}/{category}" for area, category, paths in self.store.groups() for path in paths}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.store.close()


LIFTED = {
    "cart.py": "serve cart py well",
    "Cart": "handle cart well by rule",
    "Cart.add": "handle cart add well by rule",
    "prices.py": "serve prices py well",
    "total": "handle total well by rule",
}


async def test_a_model_writes_features_areas_and_places(shop: Shop) -> None:
    cost = await shop.lift()
    assert shop.features() == LIFTED
    assert shop.groups() == {"shop/cart.py": "Selling/carts/items", "shop/prices.py": "Counting/price rules"}
    assert cost.cost.calls == 4
    assert cost.cost.tokens > 0
    assert cost.report.problems == ()


async def test_a_second_lifting_calls_nobody(shop: Shop) -> None:
    await shop.lift()
    assert (await shop.lift(url="http://127.0.0.1:9/v1")).cost.calls == 0


async def test_a_recorded_lifting_is_replayed_without_a_network(shop: Shop, tmp_path: Path) -> None:
    await shop.lift()
    recording = lift_folder(shop.store.path)
    (tmp_path / "again").mkdir()
    other = Shop(tmp_path / "again")
    cost = await other.lift(url="http://127.0.0.1:9/v1", replay=recording)
    assert (cost.cost.calls, cost.cost.replayed) == (0, 4)
    assert (other.features(), other.groups()) == (shop.features(), shop.groups())
    assert recorded_shape(recording).model == "rules"
    other.store.close()


async def test_a_replay_of_another_repository_is_refused(shop: Shop, tmp_path: Path) -> None:
    await shop.lift()
    (tmp_path / "again").mkdir()
    other = Shop(tmp_path / "again")
    other.snapshot = MemorySnapshot({"a.py": b"def other():\n    pass\n"}, "shop")
    update(other.store, other.snapshot, (), Means(workers=0))
    with pytest.raises(ReplayMiss):
        await other.lift(replay=lift_folder(shop.store.path))
    other.store.close()


def test_a_folder_without_a_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunNotFound, match="no recording in"):
        recorded_shape(tmp_path)


def spoiled(times: int, feature: str) -> Mistakes:
    left = [times]

    def answer(system: str, user: str) -> str:
        text = lift_answer(system, user)
        if "one feature" not in system or not left[0]:
            return text
        left[0] -= 1
        found = json.loads(text)["features"]
        found[0]["feature"] = feature
        return json.dumps({"features": found[:-1]})

    return answer


async def test_faults_are_told_once_and_the_good_rest_is_kept(shop: Shop) -> None:
    cost = await shop.lift(spoiled(1, "cart"))
    rejected = [event for event in shop.told if isinstance(event, ReplyRejected)]
    assert rejected[0].problems == ["U1: 'cart' has 1 words, not 3 to 8", "U3: has no answer"]
    assert shop.features() == LIFTED
    assert cost.cost.calls == 5


async def test_a_unit_that_fails_twice_keeps_its_own_phrase_and_is_told_of(shop: Shop) -> None:
    cost = await shop.lift(spoiled(2, "the cart of things"))
    assert shop.features() == LIFTED | {"Cart": "represent a cart", "total": "return the total"}
    assert cost.report.problems == (
        ("shop/cart.py:Cart", "'the cart of things' begins with 'the', not with a verb"),
        ("shop/prices.py:total", "has no answer"),
    )
    assert any(isinstance(event, Warned) and "shop/cart.py:Cart keeps" in event.message for event in shop.told)


async def test_a_batch_that_is_too_much_is_asked_in_halves(shop: Shop) -> None:
    def answer(system: str, user: str) -> str:
        return "I cannot." if "one feature" in system and "@@ U2" in user else lift_answer(system, user)

    await shop.lift(answer)
    assert shop.features() == LIFTED


async def test_without_usable_areas_the_model_free_plan_stands(shop: Shop) -> None:
    def answer(system: str, user: str) -> str:
        areas = {"areas": [{"name": "Utils", "purpose": "All."}, {"name": "Tests", "purpose": "Tests."}]}
        return json.dumps(areas) if "find the functional areas" in system else lift_answer(system, user)

    before = shop.groups()
    cost = await shop.lift(answer)
    assert shop.groups() == before
    assert shop.features() == LIFTED
    assert ("areas", "'Utils' fits anything: name the responsibility") in cost.report.problems


async def test_a_place_outside_the_areas_is_refused_and_the_file_stays(shop: Shop) -> None:
    def answer(system: str, user: str) -> str:
        return lift_answer(system, user).replace("Counting/price rules", "Nowhere/prices")

    cost = await shop.lift(answer)
    assert shop.groups()["shop/cart.py"] == "Selling/carts/items"
    assert [subject for subject, _ in cost.report.problems] == ["shop/prices.py"]
    assert "there is no area 'Nowhere'" in cost.report.problems[0][1]


async def test_a_spent_budget_keeps_what_was_had_and_goes_on_later(shop: Shop) -> None:
    with_budget = await shop.lift(budget="5000tok")
    assert shop.features() == LIFTED | {"cart.py": "represent a cart", "prices.py": "provide prices for shop"}
    assert any("spent" in why for _, why in with_budget.report.problems)
    await shop.lift()
    assert shop.features() == LIFTED


async def test_an_endpoint_that_is_not_there_ends_the_lifting_and_spares_the_graph(shop: Shop) -> None:
    before = shop.features(), shop.groups()
    with pytest.raises(ModelUnreachable):
        await shop.lift(url="http://127.0.0.1:9/v1", timeout_s=2)
    assert (shop.features(), shop.groups()) == before
