"""Searches rotary factors for the small model, and holds them against the known ways of stretching positions.

``python -m repowright.benchmarks.inference.longrope --times 4`` takes minutes on one core; ``--out`` writes what goes
into a model's ``config.json`` as ``rope_parameters``.
"""

from __future__ import annotations

import argparse
import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repowright.inference_backend.long_context.factors import Factors, Rotary, long_parameters, turned
from repowright.inference_backend.long_context.needles import Needle, needle_loss, needles
from repowright.inference_backend.long_context.search import SearchSettings, evolve
from repowright.inference_backend.models.loader import SMALL, LoadedModel, load_model

_TOKENS = 160
_GUIDING, _HELD_OUT = 3, 4


@dataclass(frozen=True)
class Compared:
    """Losses of one way on texts that the search did not see: over the trained length, and beyond it."""

    way: str
    within: float
    beyond: float


def search(loaded: LoadedModel, times: float, settings: SearchSettings) -> tuple[Factors, list[Compared]]:
    """Return the factors that were found, and how all ways compare."""
    rotary = Rotary.of(loaded.model.config)
    asked = _needles(loaded, _GUIDING, seed=1)
    distances = _beyond(rotary, times)
    begin = (rotary.linear(times), rotary.by_base(times), rotary.ramp(times))

    def loss(factors: Factors) -> float:
        with turned(loaded.model, rotary, factors, times):
            return needle_loss(loaded.model, asked, distances)

    for number, population in enumerate(evolve(begin, loss, settings)):
        print(f"round {number}: {population[0].loss:.3f}", flush=True)
    ways = {"as trained": rotary.plain(), "linear": begin[0], "greater base": begin[1], "ramp": begin[2]}
    best = population[0].factors
    held_out = _needles(loaded, _HELD_OUT, seed=2)
    return best, [_compared(loaded, name, each, times, held_out) for name, each in (ways | {"searched": best}).items()]


def table(compared: Sequence[Compared], rotary: Rotary, times: float) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"| loss of the answers | up to {rotary.trained:,} | up to {times * rotary.trained:,.0f} |"
    yield "| --- | --- | --- |"
    for each in compared:
        yield f"| {each.way} | {each.within:.2f} | {each.beyond:.2f} |"


def main() -> None:
    """Search and print."""
    import torch

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default=SMALL)
    parser.add_argument("--times", type=float, default=4.0, help="how many times the trained length")
    parser.add_argument("--rounds", type=int, default=SearchSettings.rounds)
    parser.add_argument("--out", type=Path, help="write the rope_parameters that were found")
    given = parser.parse_args()
    torch.set_num_threads(1)
    loaded = load_model(given.model, "cpu")
    loaded.model.set_attn_implementation("sdpa")
    rotary = Rotary.of(loaded.model.config)
    factors, compared = search(loaded, given.times, SearchSettings(rounds=given.rounds, most=4 * given.times))
    print("\n".join(table(compared, rotary, given.times)))
    print(f"first pair without a whole turn: {rotary.critical} of {rotary.pairs}")
    if given.out:
        parameters = long_parameters(rotary, factors, given.times)
        given.out.write_text(json.dumps(parameters, indent=1) + "\n", encoding="utf-8")


def _compared(loaded: LoadedModel, name: str, factors: Factors, times: float, asked: list[Needle]) -> Compared:
    rotary = Rotary.of(loaded.model.config)
    scale = 1.0 if name == "as trained" else times
    with turned(loaded.model, rotary, factors, scale):
        within = needle_loss(loaded.model, asked, (0, rotary.trained // 2, rotary.trained - 2 * _TOKENS))
        return Compared(name, within, needle_loss(loaded.model, asked, _beyond(rotary, times)))


def _beyond(rotary: Rotary, times: float) -> tuple[int, ...]:
    """Distances from just over the trained length to its multiple."""
    longest = int(times * rotary.trained) - 2 * _TOKENS
    return (rotary.trained + rotary.trained // 4, (longest + rotary.trained) // 2, longest)


def _needles(loaded: LoadedModel, count: int, seed: int) -> list[Needle]:
    tokeniser: Any = loaded.tokeniser

    def encode(text: str) -> list[int]:
        found: list[int] = tokeniser(text)["input_ids"]
        return found

    return needles(encode, encode(inspect.getsource(argparse)), count, _TOKENS, seed)


if __name__ == "__main__":
    main()
