"""What tokens cost, in US dollars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from repowright.agent.llm.types import Usage

_DATED = re.compile(r"-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$")


@dataclass(frozen=True)
class Price:
    """US dollars for one million tokens; ``cached`` are prompt tokens the endpoint had cached."""

    prompt: float
    completion: float
    cached: float | None = None

    def of(self, usage: Usage) -> float:
        """US dollars of one call."""
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        rate = self.prompt if self.cached is None else self.cached
        fresh = (usage.prompt_tokens - cached) * self.prompt
        return (fresh + cached * rate + usage.completion_tokens * self.completion) / 1e6


LISTED: Mapping[str, Price] = {
    "gpt-5.4": Price(2.5, 15.0, 0.25),
    "gpt-5.4-mini": Price(0.75, 4.5, 0.075),
    "gpt-5.4-nano": Price(0.2, 1.25, 0.02),
    "gpt-5.2": Price(1.75, 14.0, 0.175),
    "gpt-5.1": Price(1.25, 10.0, 0.125),
    "gpt-5": Price(1.25, 10.0, 0.125),
    "gpt-5-mini": Price(0.25, 2.0, 0.025),
    "gpt-5-nano": Price(0.05, 0.4, 0.005),
    "gpt-4.1": Price(2.0, 8.0, 0.5),
    "gpt-4.1-mini": Price(0.4, 1.6, 0.1),
    "gpt-4.1-nano": Price(0.1, 0.4, 0.025),
    "gpt-4o": Price(2.5, 10.0, 1.25),
    "gpt-4o-mini": Price(0.15, 0.6, 0.075),
    "o3": Price(2.0, 8.0, 0.5),
    "o4-mini": Price(1.1, 4.4, 0.275),
    "claude-opus-4-7": Price(5.0, 25.0, 0.5),
    "claude-opus-4-6": Price(5.0, 25.0, 0.5),
    "claude-opus-4-1": Price(15.0, 75.0, 1.5),
    "claude-sonnet-4-6": Price(3.0, 15.0, 0.3),
    "claude-sonnet-4": Price(3.0, 15.0, 0.3),
    "claude-sonnet-4-5": Price(3.0, 15.0, 0.3),
    "claude-haiku-4-5": Price(1.0, 5.0, 0.1),
    "gemini-2.5-pro": Price(1.25, 10.0, 0.31),
    "gemini-2.5-flash": Price(0.3, 2.5, 0.075),
}
"""Published list prices, without surcharges for long prompts; the configuration overrides each of them."""


class Prices:
    """Finds a model's price: what the user configured first, then the list.

    Parameters
    ----------
    configured
        Prices by model name, as the endpoint spells it.
    """

    def __init__(self, configured: Mapping[str, Price] | None = None) -> None:
        self._configured = dict(configured or {})

    def of(self, model: str) -> Price | None:
        """The price of ``model``; a vendor prefix (``openai/``) or a date at its end does not matter."""
        plain = model.rpartition("/")[2]
        for name in (model, plain, _DATED.sub("", plain)):
            price = self._configured.get(name) or LISTED.get(name)
            if price is not None:
                return price
        return None
