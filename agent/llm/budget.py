"""How much a run may spend."""

from __future__ import annotations

import re
from dataclasses import dataclass

from repowright.agent.errors import BudgetError

_AMOUNT = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,6})?)\s*(usd|mtok|ktok|tok)", re.IGNORECASE | re.ASCII)
_TOKENS = {"tok": 1, "ktok": 1_000, "mtok": 1_000_000}
_MOST_USD = 1e6
_MOST_TOKENS = 10**12
_HINT = "write it like 5usd, 2Mtok, 500ktok, 200000tok or 5usd,2Mtok"


@dataclass(frozen=True)
class Budget:
    """Upper bounds of a run; ``None`` bounds nothing.

    Parameters
    ----------
    usd
        US dollars.
    tokens
        Prompt and completion tokens together.
    """

    usd: float | None = None
    tokens: int | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        """Read ``5usd``, ``2Mtok``, ``500ktok``, ``200000tok`` or two of them with a comma between.

        Raises
        ------
        BudgetError
            If the text is nothing of the kind, an amount is zero or beyond all use, or a unit is named twice.
        """
        usd: float | None = None
        tokens: int | None = None
        for part in text.split(","):
            amount, unit = _amount(text, part.strip())
            if unit == "usd" and usd is None:
                usd = _bounded(text, amount, 1e-6, _MOST_USD)
            elif unit != "usd" and tokens is None:
                tokens = int(_bounded(text, amount * _TOKENS[unit], 1, _MOST_TOKENS))
            else:
                raise BudgetError(f"the budget '{_shown(text)}' bounds one thing twice", _HINT)
        return cls(usd=usd, tokens=tokens)

    def __str__(self) -> str:
        """The form that ``parse`` reads; empty without a bound."""
        usd = f"{self.usd:.6f}".rstrip("0").rstrip(".") + "usd" if self.usd is not None else ""
        tokens = f"{self.tokens}tok" if self.tokens is not None else ""
        return ",".join(part for part in (usd, tokens) if part)


def _amount(text: str, part: str) -> tuple[float, str]:
    match = _AMOUNT.fullmatch(part)
    if match is None:
        raise BudgetError(f"the budget '{_shown(text)}' cannot be read", _HINT)
    return float(match[1]), match[2].lower()


def _bounded(text: str, amount: float, least: float, most: float) -> float:
    if amount < least:
        raise BudgetError(f"the budget '{_shown(text)}' is nothing", _HINT)
    if amount > most:
        raise BudgetError(f"the budget '{_shown(text)}' is beyond {most:g}", _HINT)
    return amount


def _shown(text: str) -> str:
    return " ".join(text.split())[:60]
