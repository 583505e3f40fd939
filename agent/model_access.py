"""From settings to a gateway: the one place where an endpoint is opened and a budget begins."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from repowright.agent.events import EventBus
from repowright.agent.events import Warning as Warned
from repowright.agent.llm import Budget, Endpoint, Gateway, Ledger, Price, Prices, Record, Replay, Timeouts
from repowright.agent.settings import Settings

DEFAULT_ENDPOINT = "https://api.openai.com/v1"


@asynccontextmanager
async def open_gateway(
    settings: Settings,
    record: Record,
    replay: Replay | None,
    bus: EventBus,
    *,
    resumed: bool = True,
    also: str = "",
) -> AsyncIterator[Gateway]:
    """Yield a gateway that keeps answers in ``record``; with ``replay`` no endpoint is opened at all.

    Parameters
    ----------
    resumed
        Whether what the record cost when it was made counts against the budget, as in a run that goes on.
    also
        Another model that is asked the same way; money is counted at the price of the dearer one.

    Raises
    ------
    AgentError
        If the budget or the endpoint's address cannot be used, or the key is missing.
    """
    prices = _prices(settings)
    budget = Budget.parse(settings.budget) if settings.budget else Budget()
    ledger = Ledger(budget, _dearer(settings.model, also or settings.model, prices, budget), prices, bus)
    if resumed:
        ledger.restore(record.replies())
    endpoint = None if replay else await _endpoint(settings, bus)
    try:
        yield Gateway(settings.model, endpoint, record, replay, ledger, bus, concurrency=settings.parallel)
    finally:
        if endpoint is not None:
            await endpoint.close()


def _dearer(one: str, other: str, prices: Prices, budget: Budget) -> str:
    """Return the model whose price bounds both; one without a price where a budget of money needs it."""
    priced = {model: prices.of(model) for model in (one, other)}
    unknown = [model for model, price in priced.items() if price is None]
    if unknown and budget.usd is not None:
        return unknown[0]
    known = {model: price.prompt + price.completion for model, price in priced.items() if price is not None}
    return max(known, key=lambda model: known[model], default=one)


def _prices(settings: Settings) -> Prices:
    prices = {name: Price(one.input, one.output, one.cached_input) for name, one in settings.prices.items()}
    # A model of this process costs time, not money: a budget of money does not stop it.
    return Prices({settings.model: Price(0.0, 0.0)} | prices if settings.is_local else prices)


async def _endpoint(settings: Settings, bus: EventBus) -> Endpoint:
    timeouts = Timeouts(idle_s=settings.idle_timeout_s, total_s=settings.timeout_s)
    if settings.is_local:
        from repowright.agent.llm.local import local_endpoint

        def tell(line: str) -> None:
            bus.emit(Warned(message=line))

        return await local_endpoint(settings.model, timeouts, tell)
    return Endpoint(settings.base_url or DEFAULT_ENDPOINT, settings.api_key(os.environ), timeouts=timeouts)
