"""What the engine remembers of the agents' programs from one turn to the next."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from repowright.inference_backend.engine.request import Program
from repowright.inference_backend.engine.ttl import TimeToLive

_REMEMBERED = 4096


@dataclass
class _State:
    arrival: float
    turns: int = 0
    finished: float | None = None
    tool: str = ""


class Programs:
    """Programs under way; those not heard of for longest are forgotten beyond a few thousand.

    Parameters
    ----------
    clock
        Returns seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float], ttl: TimeToLive) -> None:
        self._clock = clock
        self._ttl = ttl
        self._states: OrderedDict[str, _State] = OrderedDict()

    def turn_began(self, program: Program) -> float:
        """Note that a request came; return when the program's first one did.

        The time since its last turn ended is what the tool took.
        """
        now = self._clock()
        state = self._states.setdefault(program.job, _State(now))
        self._states.move_to_end(program.job)
        while len(self._states) > _REMEMBERED:
            self._states.popitem(last=False)
        tool = program.last_tool or state.tool
        if tool and state.finished is not None:
            self._ttl.tool_took(tool, now - state.finished)
        state.finished = None
        return state.arrival

    def turn_ended(self, program: Program) -> None:
        """Note that a request was answered."""
        state = self._states.get(program.job)
        if state is None:
            return
        state.turns += 1
        state.finished, state.tool = self._clock(), ""
        if program.is_last:
            self.ended(program.job)

    def called(self, job: str, tool: str) -> None:
        """Note which tool the last turn of a program called."""
        if job in self._states:
            self._states[job].tool = tool

    def ended(self, job: str) -> None:
        """Forget a program, and learn from how many turns it had."""
        state = self._states.pop(job, None)
        if state and state.turns:
            self._ttl.program_ended(state.turns)
