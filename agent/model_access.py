"""From settings to a gateway: the one place where an endpoint is opened and a budget begins."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from repowright.agent.events import EventBus
from repowright.agent.llm import Budget, Endpoint, Gateway, Ledger, Price, Prices, Record, Replay, Timeouts
from repowright.agent.settings import Settings

DEFAULT_ENDPOINT = "https://api.openai.com/v1"


@asynccontextmanager
async def open_gateway(
    settings: Settings, record: Record, replay: Replay | None, bus: EventBus, *, resumed: bool = True
) -> AsyncIterator[Gateway]:
    """Yield a gateway that keeps answers in ``record``; with ``replay`` no endpoint is opened at all.

    Parameters
    ----------
    resumed
        Whether what the record cost when it was made counts against the budget, as in a run that goes on.

    Raises
    ------
    AgentError
        If the budget or the endpoint's address cannot be used, or the key is missing.
    """
    prices = Prices({name: Price(one.input, one.output, one.cached_input) for name, one in settings.prices.items()})
    budget = Budget.parse(settings.budget) if settings.budget else Budget()
    ledger = Ledger(budget, settings.model, prices, bus)
    if resumed:
        ledger.restore(record.replies())
    endpoint = None if replay else _endpoint(settings)
    try:
        yield Gateway(settings.model, endpoint, record, replay, ledger, bus, concurrency=settings.parallel)
    finally:
        if endpoint is not None:
            await endpoint.close()


def _endpoint(settings: Settings) -> Endpoint:
    timeouts = Timeouts(idle_s=settings.idle_timeout_s, total_s=settings.timeout_s)
    return Endpoint(settings.base_url or DEFAULT_ENDPOINT, settings.api_key(os.environ), timeouts=timeouts)
