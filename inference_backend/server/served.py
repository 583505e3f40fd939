"""A model that is being served, with all that a request needs of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from repowright.inference_backend.engine.engine import Engine
from repowright.inference_backend.server.metrics import Metrics
from repowright.inference_backend.server.prompts import Prompts
from repowright.inference_backend.structured import Grammars

LARGEST_BODY = 32 << 20
"""Bytes of a request, at most, unless said otherwise."""


@dataclass(frozen=True)
class Served:
    """A model and its engine; a context manager that runs the engine.

    Parameters
    ----------
    name
        The model's name, as clients see it.
    revision
        Names its weights.
    aliases
        Other names it is asked by.
    created
        When it was loaded, seconds since 1970.
    largest_body
        Bytes of a request, at most.
    random
        Returns that many random bits, for names and seeds.
    now
        Returns seconds since 1970.
    """

    name: str
    engine: Engine
    prompts: Prompts
    grammars: Grammars
    end_tokens: frozenset[int]
    revision: str = ""
    aliases: frozenset[str] = frozenset()
    created: int = 0
    largest_body: int = LARGEST_BODY
    random: Callable[[int], int] = secrets.randbits
    now: Callable[[], float] = time.time
    metrics: Metrics = field(default_factory=Metrics)

    def __enter__(self) -> Self:
        self.engine.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.close()

    def is_asked(self, name: str) -> bool:
        """Whether a request that names this model is for it."""
        return name == self.name or name in self.aliases
