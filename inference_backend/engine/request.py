"""What is asked of the engine, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from repowright.inference_backend.errors import InferenceError

if TYPE_CHECKING:
    from torch import Tensor

FinishReason = Literal["stop", "length", "cancelled", "failed"]


class Overloaded(InferenceError):
    """Too many requests wait already; a server answers 429."""


class TokenMask(Protocol):
    """Says which tokens may come next, as a grammar does."""

    @property
    def is_finished(self) -> bool:
        """Whether the text is complete and nothing may follow."""

    def mask(self, logits: Tensor) -> None:
        """Set what may not come next to minus infinity, in place; ``logits`` is ``float32 [V]``."""

    def accept(self, token: int) -> None:
        """Take note of the token that came."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are chosen.

    Parameters
    ----------
    max_tokens
        Tokens of the answer, at most.
    temperature
        0 takes the likeliest token.
    top_p, top_k, min_p
        Bounds on what is drawn from: probability mass, number of tokens (0 for all), and share of the likeliest
        token's probability.
    seed
        The same request with the same seed is answered in the same way.
    stop
        Texts that end the answer and do not belong to it.
    logprobs
        Likeliest tokens reported with each token; None reports no log-probabilities at all.
    ignore_end
        Goes on behind the model's end token.
    keep_special
        Special tokens have a text, as calls of tools may need; the end token has none.
    """

    max_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int = 0
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    ignore_end: bool = False
    keep_special: bool = False

    def __post_init__(self) -> None:
        if self.max_tokens < 1 or self.temperature < 0 or self.top_k < 0 or (self.logprobs or 0) < 0:
            raise ValueError("max_tokens is at least 1; temperature, top_k and logprobs are not negative")
        if not 0 < self.top_p <= 1 or not 0 <= self.min_p <= 1:
            raise ValueError("top_p lies above 0 and up to 1, min_p between 0 and 1")
        if "" in self.stop:
            raise ValueError("an empty stop text would end every answer at once")


@dataclass(frozen=True)
class Program:
    """The agent's program whose turn a request is (Continuum).

    Parameters
    ----------
    job
        Names the program.
    last_tool
        The tool whose result this request brings; empty in the first turn.
    is_last
        Nothing follows: the turn is not kept.
    """

    job: str
    last_tool: str = ""
    is_last: bool = False


@dataclass(frozen=True)
class Request:
    """A prompt to be continued.

    Parameters
    ----------
    name
        Names the request; no other that is under way has the same.
    """

    name: str
    prompt: tuple[int, ...]
    sampling: Sampling = Sampling()
    program: Program | None = None
    grammar: TokenMask | None = None


@dataclass(frozen=True)
class Likelihood:
    """A token and the logarithm of its probability before temperature and bounds."""

    token: int
    logprob: float


@dataclass(frozen=True)
class SampledToken:
    """A token of an answer.

    Parameters
    ----------
    logprob, likeliest
        Reported if the request asks for log-probabilities.
    """

    token: int
    logprob: float | None = None
    likeliest: tuple[Likelihood, ...] = ()


@dataclass(frozen=True)
class Usage:
    """What a request cost, in tokens.

    Parameters
    ----------
    cached
        Tokens of the prompt whose keys and values were in the cache.
    drafted, accepted
        Tokens proposed by a drafter, and those of them that were right.
    """

    prompt: int
    cached: int
    completion: int
    drafted: int = 0
    accepted: int = 0


@dataclass(frozen=True)
class Delta:
    """A part of an answer.

    Parameters
    ----------
    text
        May lag behind the tokens: bytes that are no character yet and what may begin a stop text are held back.
    finish
        Why the answer ends here; None if it goes on.
    error
        What went wrong, where ``finish`` is ``failed``.
    """

    text: str
    tokens: tuple[SampledToken, ...] = ()
    finish: FinishReason | None = None
    usage: Usage | None = None
    error: InferenceError | None = field(default=None, compare=False)
