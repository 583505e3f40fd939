"""Plays a trace of programs on an engine, under one way of keeping finished turns."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from repowright.benchmarks.inference.agent_trace import TracedProgram
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.request import Program, Request, Sampling
from repowright.inference_backend.engine.ttl import COLD_START_S, TimeToLive


class Clock(Protocol):
    """Seconds that only grow, and a way to let them."""

    def __call__(self) -> float: ...

    def wait(self, seconds: float) -> None:
        """Let time pass."""


class ProcessorClock:
    """Seconds of processor time of this process, and those that were waited for: what else runs here counts not."""

    def __init__(self) -> None:
        self._waited = 0.0

    def __call__(self) -> float:
        return time.process_time() + self._waited

    def wait(self, seconds: float) -> None:
        """Let time pass at once."""
        self._waited += seconds


@dataclass(frozen=True)
class Policy:
    """How finished turns are kept.

    Parameters
    ----------
    shares
        Pages are found again by what they hold, the least recently used thrown away first.
    orders
        Programs are served first come, first served; else requests are.
    pins
        Turns are pinned while their tools run.
    fixed
        They are pinned for this time rather than by the rule, seconds.
    """

    name: str
    shares: bool = True
    orders: bool = False
    pins: bool = False
    fixed: float = 0.0


NONE = Policy("nothing kept", shares=False)
LRU = Policy("plain LRU")
ORDERED = Policy("LRU, programs in order", orders=True)
FIXED = Policy(f"pinned for {COLD_START_S:g} s", orders=True, pins=True, fixed=COLD_START_S)
TTL = Policy("pinned by the rule", orders=True, pins=True)
POLICIES = (NONE, LRU, ORDERED, FIXED, TTL)


@dataclass(frozen=True)
class Played:
    """What a policy came to.

    Parameters
    ----------
    prefilled, again
        Tokens taken in, and those of them that had been in the cache before.
    completion
        Seconds from a program's arrival to its end, one a program.
    seconds
        From the first arrival to the last end.
    """

    policy: str
    prefilled: int
    again: int
    completion: tuple[float, ...]
    seconds: float
    preempted: int

    @property
    def mean(self) -> float:
        """Mean time to a program's end, seconds."""
        return sum(self.completion) / len(self.completion)

    @property
    def slow(self) -> float:
        """The time that nineteen of twenty programs keep, seconds."""
        return sorted(self.completion)[int(0.95 * (len(self.completion) - 1))]


class FixedTime(TimeToLive):
    """One time for every turn, as the paper's public prototype has it."""

    def __init__(self, fixed: float) -> None:
        super().__init__()
        self._fixed = fixed

    def seconds(self, tool: str, tokens: int) -> float:
        """Return the time."""
        return self._fixed


def arrivals(programs: int, rate: float, seed: int = 0) -> list[float]:
    """Return when programs arrive, seconds: ``rate`` of them a second in the mean, independent of each other."""
    random, now, found = Random(seed), 0.0, []
    for _ in range(programs):
        found.append(now)
        now += random.expovariate(rate)
    return found


class Play:
    """One trace on one engine.

    Parameters
    ----------
    begins
        When each program arrives, seconds from the beginning.
    text
        Returns the token at a place of a program's text.
    """

    def __init__(
        self,
        core: EngineCore,
        clock: Clock,
        policy: Policy,
        programs: Sequence[TracedProgram],
        begins: Sequence[float],
        text: Callable[[int, int], int],
    ) -> None:
        self._core = core
        self._clock = clock
        self._policy = policy
        self._programs = programs
        self._text = text
        self._begun = clock()
        self._begins = [self._begun + each for each in begins]
        self._due = [(at, number, 0) for number, at in enumerate(self._begins)]
        heapq.heapify(self._due)
        self._held: list[list[int]] = [[] for _ in programs]
        self._ends = [0.0] * len(programs)
        self._fresh = 0
        if policy.fixed:
            core.ttl = FixedTime(policy.fixed)

    def run(self) -> Played:
        """Play to the end."""
        while self._due or not self._core.is_idle:
            while self._due and self._due[0][0] <= self._clock():
                self._ask(*heapq.heappop(self._due)[1:])
            if self._core.is_idle:
                self._clock.wait(max(0.0, self._due[0][0] - self._clock()))
                continue
            for name, delta in self._core.step():
                number, turn = (int(part) for part in name.split("."))
                self._held[number] += [each.token for each in delta.tokens]
                if delta.finish:
                    self._answered(number, turn)
        return self._found()

    def _ask(self, number: int, turn: int) -> None:
        """Ask for a turn: what the program held, and what its tool said."""
        turns, held = self._programs[number].turns, self._held[number]
        # The newest token of an answer was never taken in.
        self._fresh += turns[turn].prompt - max(0, len(held) - 1)
        held += [self._text(number, at) for at in range(len(held), turns[turn].prompt)]
        tool = turns[turn - 1].tool if turn else ""
        program = Program(f"job {number}", tool, turn == len(turns) - 1) if self._policy.orders else None
        sampling = Sampling(max_tokens=turns[turn].answer, ignore_end=True)
        self._core.add(Request(f"{number}.{turn}", tuple(held), sampling, program))

    def _answered(self, number: int, turn: int) -> None:
        now, turns = self._clock(), self._programs[number].turns
        if turn == len(turns) - 1:
            self._ends[number] = now
            return
        if self._policy.orders:
            self._core.tool_called(f"job {number}", turns[turn].tool)
        heapq.heappush(self._due, (now + turns[turn].pause, number, turn + 1))

    def _found(self) -> Played:
        stats = self._core.stats
        return Played(
            self._policy.name,
            stats.prefilled,
            stats.prefilled - self._fresh,
            tuple(end - begin for begin, end in zip(self._begins, self._ends, strict=True)),
            max(self._ends) - self._begun,
            stats.preempted,
        )
