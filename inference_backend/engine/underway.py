"""What every request under way has, whatever computes it."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.inference_backend.engine.request import Request
from repowright.inference_backend.engine.sampler import Sampler
from repowright.inference_backend.engine.text import TextStream


@dataclass(eq=False)
class UnderWay:
    """A request with what chooses its tokens and turns them into text.

    Parameters
    ----------
    arrival, program_arrival
        When the request and the first request of its program came, seconds.
    """

    request: Request
    arrival: float
    program_arrival: float
    sampler: Sampler
    stream: TextStream

    @property
    def job(self) -> str:
        """The program it belongs to; empty if none."""
        return self.request.program.job if self.request.program else ""

    @property
    def rank(self) -> tuple[float, float]:
        """Programs first come, first served; within one its requests."""
        return self.program_arrival, self.arrival
