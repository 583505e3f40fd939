"""A request on its way through llama.cpp, and the tokens that are chosen for it."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from repowright.inference_backend.engine.request import FinishReason, SampledToken, Usage
from repowright.inference_backend.engine.underway import UnderWay
from repowright.inference_backend.llama_engine.slots import Slot


@dataclass(eq=False)
class Answering(UnderWay):
    """A request and how far it has come.

    Parameters
    ----------
    end_tokens
        Tokens that end the answer.
    longest
        Tokens of prompt and answer, at most.
    tokens
        Prompt and answer so far.
    slot
        The sequence of llama.cpp that holds it; None while it waits.
    cached
        Tokens of the prompt that were held when it began.
    """

    end_tokens: frozenset[int]
    longest: int
    tokens: list[int] = field(default_factory=list)
    slot: Slot | None = None
    cached: int = 0
    was_preempted: bool = False

    def __post_init__(self) -> None:
        self.tokens = list(self.request.prompt)

    @property
    def pending(self) -> list[int]:
        """Tokens that are still to be taken in."""
        return self.tokens[len(self.slot.tokens) if self.slot else 0 :]

    @property
    def is_prefilling(self) -> bool:
        """Whether more than the newest token is still to be taken in."""
        return len(self.tokens) - (len(self.slot.tokens) if self.slot else 0) > 1

    @property
    def usage(self) -> Usage:
        """What it cost so far."""
        return Usage(len(self.request.prompt), self.cached, self._generated)

    def choose(self, logits: Tensor) -> tuple[SampledToken, str, FinishReason | None]:
        """Choose the next token from ``float32 [V]``; return it, the text that is certain with it, and the end."""
        grammar, allowed = self.request.grammar, None
        if grammar is not None:
            allowed = logits.clone()
            grammar.mask(allowed)
        chosen = self.sampler.choose(logits, allowed)
        if grammar is not None:
            grammar.accept(chosen.token)
        self.tokens.append(chosen.token)
        text = "" if self._is_end(chosen.token) else self.stream.push(chosen.token)
        finish = self._finish()
        return chosen, text + self.stream.finish() if finish else text, finish

    @property
    def _generated(self) -> int:
        return len(self.tokens) - len(self.request.prompt)

    def _is_end(self, token: int) -> bool:
        return token in self.end_tokens and not self.request.sampling.ignore_end

    def _finish(self) -> FinishReason | None:
        grammar = self.request.grammar
        is_complete = grammar is not None and grammar.is_finished
        if self._is_end(self.tokens[-1]) or self.stream.is_stopped or is_complete:
            return "stop"
        is_full = self._generated >= self.request.sampling.max_tokens or len(self.tokens) >= self.longest
        return "length" if is_full else None
