from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.agent.errors import BudgetError, BudgetSpent
from repowright.agent.events import Event, EventBus
from repowright.agent.llm import Budget, Cost, Ledger, Price, Prices, Reply, Usage

PRICES = Prices({"m": Price(prompt=1.0, completion=2.0, cached=0.5)})


def open_ledger(budget: Budget, model: str = "m") -> tuple[Ledger, list[Event]]:
    bus = EventBus("r", lambda: 0.0)
    events: list[Event] = []
    bus.subscribe(events.append)
    return Ledger(budget, model, PRICES, bus), events


def used(prompt: int, completion: int, cached: int = 0) -> Usage:
    return Usage(prompt_tokens=prompt, completion_tokens=completion, cached_tokens=cached)


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("5usd", Budget(usd=5.0)),
        ("0.25 USD", Budget(usd=0.25)),
        ("2Mtok", Budget(tokens=2_000_000)),
        ("500ktok", Budget(tokens=500_000)),
        ("200000tok", Budget(tokens=200_000)),
        ("1.5Mtok", Budget(tokens=1_500_000)),
        ("5usd,2Mtok", Budget(usd=5.0, tokens=2_000_000)),
        (" 2mtok , 5usd ", Budget(usd=5.0, tokens=2_000_000)),
    ],
)
def test_budget_is_read(text: str, budget: Budget) -> None:
    assert Budget.parse(text) == budget


@pytest.mark.parametrize(
    "text",
    ["", "5", "usd", "0usd", "-1usd", "0tok", "0.5tok", "1e9usd", "nanusd", "infusd", "9" * 15 + "Mtok",
     "9999999usd", "5eur", "5usd,5usd", "1tok,1ktok", "5usd,", "5usd 2Mtok", "\u0665usd", "5u\u017fd"],
)  # fmt: skip
def test_nonsense_is_no_budget(text: str) -> None:
    with pytest.raises(BudgetError):
        Budget.parse(text)


@given(
    st.one_of(st.none(), st.integers(1, 10**12).map(lambda n: n / 1e6)),
    st.one_of(st.none(), st.integers(1, 10**12)),
)
def test_budget_reads_what_it_writes(usd: float | None, tokens: int | None) -> None:
    budget = Budget(usd, tokens)
    if budget != Budget():
        assert Budget.parse(str(budget)) == budget


@given(st.text(max_size=30))
def test_budget_of_any_text_is_positive_or_refused(text: str) -> None:
    try:
        budget = Budget.parse(text)
    except BudgetError:
        return
    assert (budget.usd or 0) > 0 or (budget.tokens or 0) > 0


async def test_money_is_counted_with_cached_tokens_at_their_price() -> None:
    ledger, _ = open_ledger(Budget(usd=10))
    reservation = await ledger.reserve(1_000_000, 1_000_000)
    assert ledger.reserved == Cost(2_000_000, 3.0)
    assert ledger.settle(reservation, used(1_000_000, 500_000, cached=400_000)) == Cost(1_500_000, 0.6 + 0.2 + 1.0)
    assert ledger.reserved == Cost()


async def test_call_that_would_pass_the_budget_is_not_begun() -> None:
    ledger, events = open_ledger(Budget(tokens=1000))
    ledger.settle(await ledger.reserve(300, 200), used(300, 100))
    with pytest.raises(BudgetSpent, match="400tok of 1000tok spent; the next call may cost 700tok"):
        await ledger.reserve(300, 400)
    with pytest.raises(BudgetSpent):
        await ledger.reserve(300, 400)
    assert [getattr(event, "level", "") for event in events] == ["stop"]
    assert ledger.spent.tokens == 400
    await ledger.reserve(300, 300)


async def test_budget_too_small_for_one_call_is_the_users_error() -> None:
    ledger, _ = open_ledger(Budget(tokens=100))
    with pytest.raises(BudgetError, match="too small for one call"):
        await ledger.reserve(50, 51)


async def test_call_waits_while_only_others_under_way_stand_against_it() -> None:
    ledger, _ = open_ledger(Budget(tokens=1000))
    first = await ledger.reserve(100, 600)
    second = asyncio.create_task(ledger.reserve(100, 600))
    await asyncio.sleep(0.01)
    assert not second.done()
    ledger.settle(first, used(100, 100))
    assert (await second).cost.tokens == 700


async def test_waiting_call_stops_when_the_others_did_spend_it() -> None:
    ledger, _ = open_ledger(Budget(tokens=1000))
    first = await ledger.reserve(100, 600)
    second = asyncio.create_task(ledger.reserve(100, 600))
    await asyncio.sleep(0)
    ledger.settle(first, used(100, 600))
    with pytest.raises(BudgetSpent):
        await second


async def test_cancelled_wait_lets_the_next_in() -> None:
    ledger, _ = open_ledger(Budget(tokens=1000))
    first = await ledger.reserve(0, 700)
    second, third = (asyncio.create_task(ledger.reserve(0, tokens)) for tokens in (800, 300))
    await asyncio.sleep(0.01)
    assert not third.done()
    second.cancel()
    assert (await third).cost.tokens == 300
    ledger.release(first)
    assert ledger.reserved.tokens == 300


async def test_warning_comes_once_at_four_fifths() -> None:
    ledger, events = open_ledger(Budget(tokens=1000))
    for _ in range(9):
        ledger.settle(await ledger.reserve(0, 100), used(0, 100))
    assert [(event.type, getattr(event, "spent", "")) for event in events] == [("budget", "800tok")]


async def test_earlier_sittings_count_and_replayed_replies_do_not() -> None:
    ledger, _ = open_ledger(Budget(tokens=1000))
    paid = Reply(text="", usage=used(300, 300))
    ledger.restore([paid, paid.model_copy(update={"source": "replay"})])
    ledger.note_replayed(used(5000, 5000))
    assert (ledger.spent.tokens, ledger.replayed.tokens, ledger.usage.prompt_tokens) == (600, 10_000, 300)
    with pytest.raises(BudgetSpent):
        await ledger.reserve(200, 300)


def test_money_budget_needs_a_price() -> None:
    with pytest.raises(BudgetError, match="no price is known for the model 'own-model'"):
        open_ledger(Budget(usd=1), "own-model")
    ledger, _ = open_ledger(Budget(tokens=1), "own-model")
    assert ledger.price(used(10, 10)) == 0.0


@settings(deadline=None)
@given(
    limit=st.integers(50, 5000),
    calls=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 500), st.floats(0, 1)), min_size=1, max_size=30),
)
def test_parallel_calls_never_pass_the_budget(limit: int, calls: Sequence[tuple[int, int, float]]) -> None:
    async def call(ledger: Ledger, prompt: int, most: int, share: float) -> int:
        try:
            reservation = await ledger.reserve(prompt, most)
        except (BudgetSpent, BudgetError):
            return 0
        assert ledger.spent.tokens + ledger.reserved.tokens <= limit
        await asyncio.sleep(0)
        return ledger.settle(reservation, used(prompt, int(most * share))).tokens

    async def run() -> None:
        ledger, _ = open_ledger(Budget(tokens=limit))
        paid = await asyncio.gather(*(call(ledger, *one) for one in calls))
        assert sum(paid) == ledger.spent.tokens <= limit
        assert ledger.reserved == Cost()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("model", "same_as"),
    [
        ("openai/gpt-4o", "gpt-4o"),
        ("gpt-4o-2024-08-06", "gpt-4o"),
        ("claude-sonnet-4-20250514", "claude-sonnet-4"),
    ],
)
def test_vendor_prefix_and_date_do_not_change_the_price(model: str, same_as: str) -> None:
    assert Prices().of(model) == Prices().of(same_as) is not None


def test_configured_price_comes_first_and_unknown_models_have_none() -> None:
    own = Price(9.0, 9.0)
    assert Prices({"gpt-4o": own}).of("gpt-4o") == own
    assert Prices().of("gpt-4o-something-new") is None
