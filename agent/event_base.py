"""What all events have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

VERSION = 1


class BaseEvent(BaseModel):
    """Fields every event has; ``ts`` (seconds since the epoch) and ``run`` are set by the bus."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    v: int = VERSION
    ts: float = 0.0
    run: str = ""
