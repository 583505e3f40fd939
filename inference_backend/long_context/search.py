"""The search for factors: an evolution of monotone ones, guided by a loss (LongRoPE, arXiv 2402.13753, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from repowright.inference_backend.long_context.factors import Factors


@dataclass(frozen=True)
class SearchSettings:
    """How long to search; the paper takes 64, 32, 16, 16 and 40 rounds.

    Parameters
    ----------
    population
        Factors kept in mind.
    parents
        The best of them, which the next ones come from.
    mutations, crossings
        New ones a round.
    step, changed
        How far a factor moves at most, as a share of it; share of the factors that move.
    most
        No factor is greater than this.
    """

    population: int = 12
    parents: int = 5
    mutations: int = 4
    crossings: int = 2
    rounds: int = 6
    step: float = 0.25
    changed: float = 0.3
    most: float = 64.0


@dataclass(frozen=True)
class Judged:
    """Factors and their loss; less is better."""

    loss: float
    factors: Factors


def evolve(
    begin: Sequence[Factors], loss: Callable[[Factors], float], settings: SearchSettings, seed: int = 0
) -> Iterator[list[Judged]]:
    """Yield the population after each round, the best first.

    Parameters
    ----------
    begin
        What is known to be sensible; the rest of the first population are mutations of it.
    """
    random = Random(seed)
    known: dict[Factors, float] = {}

    def judged(candidates: Sequence[Factors]) -> list[Judged]:
        for each in candidates:
            if each not in known:
                known[each] = loss(each)
        return sorted((Judged(known[each], each) for each in dict.fromkeys(candidates)), key=lambda found: found.loss)

    fill = [mutated(random.choice(begin), settings, random) for _ in range(settings.population - len(begin))]
    population = judged([*begin, *fill])
    yield population
    for _ in range(settings.rounds):
        parents = [each.factors for each in population[: settings.parents]]
        fresh = [mutated(random.choice(parents), settings, random) for _ in range(settings.mutations)]
        for one, other in (random.sample(parents, 2) for _ in range(settings.crossings)):
            fresh.append(crossed(one, other, random))
        population = judged([*(each.factors for each in population), *fresh])[: settings.population]
        yield population


def mutated(factors: Factors, settings: SearchSettings, random: Random) -> Factors:
    """Move some factors, and keep them in order."""
    moved = [
        each * (1 + random.uniform(-settings.step, settings.step)) if random.random() < settings.changed else each
        for each in factors
    ]
    return monotone(moved, settings.most)


def crossed(one: Factors, other: Factors, random: Random) -> Factors:
    """Take each factor from one of two, and keep them in order."""
    return monotone([random.choice(pair) for pair in zip(one, other, strict=True)], float("inf"))


def monotone(factors: Sequence[float], most: float) -> Factors:
    """Return factors of at least 1, of which none is less than one before it: slow pairs never turn faster for it."""
    found: list[float] = []
    for each in factors:
        found.append(min(most, max(each, found[-1] if found else 1.0)))
    return tuple(round(each, 4) for each in found)
