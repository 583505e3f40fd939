"""What a run has spent, and the stop before it spends too much."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from repowright.agent.errors import BudgetError, BudgetSpent
from repowright.agent.events import BudgetLevel, EventBus
from repowright.agent.llm.budget import Budget
from repowright.agent.llm.prices import Price, Prices
from repowright.agent.llm.types import Reply, Usage

WARN_SHARE = 0.8
"""Share of a bound that is spent when the run warns."""


@dataclass(frozen=True)
class Cost:
    """Tokens, and US dollars where the model has a price."""

    tokens: int = 0
    usd: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.tokens + other.tokens, self.usd + other.usd)


@dataclass(frozen=True)
class Reservation:
    """What one call under way may cost at most."""

    number: int
    cost: Cost


class Ledger:
    """Reserves before each call and settles after it, for all workers of a run.

    Parameters
    ----------
    model
        Whose price applies.

    Raises
    ------
    BudgetError
        If the budget bounds money and the model has no price.
    """

    def __init__(self, budget: Budget, model: str, prices: Prices, events: EventBus) -> None:
        self._budget = budget
        self._price = _price(budget, model, prices)
        self._events = events
        self._spent = Cost()
        self._replayed = Cost()
        self._open: dict[int, Cost] = {}
        self._count = 0
        self._warned = False
        self._stopped = False
        self._turn = asyncio.Lock()
        self._settled = asyncio.Event()
        self.usage = Usage()

    @property
    def spent(self) -> Cost:
        """What this run paid for, in all its sittings."""
        return self._spent

    @property
    def replayed(self) -> Cost:
        """What came from a record and was paid before."""
        return self._replayed

    @property
    def reserved(self) -> Cost:
        """What the calls under way may cost at most."""
        return sum(self._open.values(), Cost())

    def price(self, usage: Usage) -> float:
        """US dollars of one call; 0 for a model without a price."""
        return 0.0 if self._price is None else self._price.of(usage)

    async def reserve(self, prompt_tokens: int, max_tokens: int) -> Reservation:
        """Set aside what a call may cost at most, in the order of asking.

        Waits while only the reservations of calls under way stand against it.

        Raises
        ------
        BudgetError
            If nothing was spent yet and the budget does not pay for this one call.
        BudgetSpent
            If what is left does not pay for the call.
        """
        cost = self._cost(Usage(prompt_tokens=prompt_tokens, completion_tokens=max_tokens))
        async with self._turn:
            while not self._fits(self._spent + self.reserved + cost):
                if not self._fits(self._spent + cost):
                    self._stop(cost)
                self._settled.clear()
                await self._settled.wait()
            self._count += 1
            self._open[self._count] = cost
            return Reservation(self._count, cost)

    def settle(self, reservation: Reservation, usage: Usage) -> Cost:
        """Replace a reservation by what the call did cost."""
        cost = self._cost(usage)
        self._spent += cost
        self.usage = _sum(self.usage, usage)
        self.release(reservation)
        self._warn()
        return cost

    def release(self, reservation: Reservation) -> None:
        """Give back the reservation of a call that brought no answer."""
        self._open.pop(reservation.number, None)
        self._settled.set()

    def note_replayed(self, usage: Usage) -> None:
        """Count a reply that cost nothing now."""
        self._replayed += self._cost(usage)

    def restore(self, replies: Iterable[Reply]) -> None:
        """Count what earlier sittings of the run paid for, from its record."""
        for reply in replies:
            if reply.source == "endpoint":
                self._spent += self._cost(reply.usage)
                self.usage = _sum(self.usage, reply.usage)
        self._warn()

    def _cost(self, usage: Usage) -> Cost:
        return Cost(usage.prompt_tokens + usage.completion_tokens, self.price(usage))

    def _fits(self, cost: Cost) -> bool:
        fits_tokens = self._budget.tokens is None or cost.tokens <= self._budget.tokens
        return fits_tokens and (self._budget.usd is None or cost.usd <= self._budget.usd)

    def _stop(self, cost: Cost) -> None:
        if self._spent == Cost() and not self._open:
            message = f"the budget {self._budget} is too small for one call, which may cost {self._shown(cost)}"
            raise BudgetError(message, "raise the budget, or lower the model's answer length")
        if not self._stopped:
            self._stopped = True
            self._emit("stop")
        raise BudgetSpent(
            f"{self._shown(self._spent)} of {self._budget} spent; the next call may cost {self._shown(cost)}",
            "resume with a larger budget; nothing that was answered is lost",
        )

    def _warn(self) -> None:
        if self._warned or self._share() < WARN_SHARE:
            return
        self._warned = True
        self._emit("warn")

    def _share(self) -> float:
        of_usd = self._spent.usd / self._budget.usd if self._budget.usd else 0.0
        return max(of_usd, self._spent.tokens / self._budget.tokens if self._budget.tokens else 0.0)

    def _emit(self, level: str) -> None:
        kind: dict[str, str] = {"level": level, "spent": self._shown(self._spent), "limit": str(self._budget)}
        self._events.emit(BudgetLevel.model_validate(kind))

    def _shown(self, cost: Cost) -> str:
        usd = f"{cost.usd:.4f}usd" if self._budget.usd is not None else ""
        tokens = f"{cost.tokens}tok" if self._budget.tokens is not None else ""
        return ",".join(part for part in (usd, tokens) if part)


def _price(budget: Budget, model: str, prices: Prices) -> Price | None:
    price = prices.of(model)
    if price is None and budget.usd is not None:
        hint = "set its price in the configuration, or use a token budget such as 2Mtok"
        raise BudgetError(f"no price is known for the model '{model}', so {budget} cannot be kept", hint)
    return price


def _sum(one: Usage, other: Usage) -> Usage:
    return Usage(
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
        cached_tokens=one.cached_tokens + other.cached_tokens,
    )
