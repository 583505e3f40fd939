"""What each stage of a run has cost so far."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.agent.events import Event, LlmReply, StageStart


@dataclass(frozen=True)
class Cost:
    """Calls to the endpoint, their tokens and US dollars; what a record answered costs nothing."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def plus(self, reply: LlmReply) -> Cost:
        """Return the cost with one more reply."""
        if reply.source != "endpoint":
            return self
        used = reply.prompt_tokens + reply.completion_tokens
        return Cost(self.calls + 1, self.tokens + used, self.usd + reply.usd)


class StageCosts:
    """A subscriber that adds each reply to the stage that runs when it comes."""

    def __init__(self) -> None:
        self._stage = ""
        self._costs: dict[str, Cost] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, StageStart):
            self._stage = event.stage
        elif isinstance(event, LlmReply):
            self._costs[self._stage] = self.of(self._stage).plus(event)

    def of(self, stage: str) -> Cost:
        """Return what the stage has cost; nothing for one that did not begin."""
        return self._costs.get(stage, Cost())
