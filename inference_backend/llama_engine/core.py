"""Serves requests with llama.cpp, one step at a time: the counterpart of `engine.core.EngineCore`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.core import Update
from repowright.inference_backend.engine.programs import Programs
from repowright.inference_backend.engine.request import Delta, FinishReason, Overloaded, Request, SampledToken
from repowright.inference_backend.engine.sampler import Sampler
from repowright.inference_backend.engine.settings import EngineSettings, EngineStats
from repowright.inference_backend.engine.text import TextStream, Tokeniser
from repowright.inference_backend.engine.ttl import ReloadCost, TimeToLive
from repowright.inference_backend.errors import InferenceError, RequestTooLong
from repowright.inference_backend.llama_engine.answering import Answering
from repowright.inference_backend.llama_engine.model import LlamaModel, Stretch
from repowright.inference_backend.llama_engine.slots import Slots


class LlamaCore:
    """Takes requests, runs one step at a time, hands out what the answers grew by. Not for several threads.

    Requests are interleaved: a step takes in one chunk of one prompt, then one token of every answer under way, in
    one batch of llama.cpp's sequences. Programs are served first come, first served. Where the memory is full, kept
    prefixes go first; then the latest request gives way and is taken in again later, with the same answer.

    Parameters
    ----------
    settings
        The size of the memory is the model's; ``pages`` and ``drafts`` do not count.
    clock
        Returns seconds that only grow.
    """

    def __init__(
        self,
        model: LlamaModel,
        tokeniser: Tokeniser,
        settings: EngineSettings,
        clock: Callable[[], float],
        end_tokens: frozenset[int],
    ) -> None:
        self.slots = Slots(model, settings.running + settings.pinned, model.cells, clock)
        self.ttl = TimeToLive()
        self._programs = Programs(clock, self.ttl)
        self._model = model
        self._vocabulary = model.weights.vocabulary
        self._tokeniser = tokeniser
        self._settings = settings
        self._clock = clock
        self._end_tokens = end_tokens
        self._waiting: list[Answering] = []
        self._running: list[Answering] = []
        self._counts = EngineStats()
        self._prefill_seconds = 0.0
        self.longest = min(model.weights.context, model.cells)

    @property
    def pinned(self) -> int:
        """Finished turns that are kept for their programs."""
        return len(self.slots.pins)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self._waiting and not self._running

    @property
    def stats(self) -> EngineStats:
        """Where the engine stands, and what it has done; 64 cells of the memory count as a page."""
        slots, held = self.slots, self.slots.held
        return replace(
            self._counts,
            running=len(self._running),
            waiting=len(self._waiting),
            pinned=len(slots.pins),
            pages_held=-(-held // PAGE),
            pages_cached=-(-(slots.used - held) // PAGE),
            pages_free=slots.free // PAGE,
        )

    def add(self, request: Request) -> None:
        """Take a request.

        Raises
        ------
        RequestTooLong
            If the prompt alone fills the context or the memory.
        Overloaded
            If too many requests wait.
        ValueError
            If the prompt is empty, holds what is no token, or the name is taken.
        """
        self._check(request)
        now, sampling = self._clock(), request.sampling
        program_arrival = self._programs.turn_began(request.program) if request.program else now
        stream = TextStream(self._tokeniser, sampling.stop, sampling.keep_special)
        sampler = Sampler(sampling)
        fresh = Answering(request, now, program_arrival, sampler, stream, self._end_tokens, self.longest)
        self._waiting.append(fresh)

    def cancel(self, name: str) -> Update | None:
        """Stop a request; None if it is not under way."""
        found = next((each for each in (*self._running, *self._waiting) if each.request.name == name), None)
        if found is None:
            return None
        self._count(cancelled=1)
        return self._ended(found, "", (), "cancelled")

    def fail(self, error: InferenceError) -> list[Update]:
        """Give all requests up, and forget all prefixes: the memory may be half written."""
        updates = []
        for each in [*self._running, *self._waiting]:
            self._count(failed=1)
            name, delta = self._ended(each, "", (), "failed")
            updates.append((name, replace(delta, error=error)))
        self.slots.forget_all()
        return updates

    def tool_called(self, job: str, tool: str) -> None:
        """Say which tool the last turn of a program called: it is kept for the time that fits that tool."""
        self._programs.called(job, tool)
        self.slots.retime(job, lambda tokens: self.ttl.seconds(tool, tokens))

    def program_ended(self, job: str) -> None:
        """Say that no turn of a program follows: what is kept of it is worth no more than other prefixes."""
        self._programs.ended(job)
        self.slots.unpin(job)

    def step(self) -> list[Update]:
        """Take in a chunk of one prompt, and one token of every answer; return what the answers grew by."""
        self._admit()
        return self._prefill() + self._decode()

    def _check(self, request: Request) -> None:
        if any(each.request.name == request.name for each in (*self._running, *self._waiting)):
            raise ValueError(f"a request named {request.name} is under way")
        if not request.prompt or not all(0 <= token < self._vocabulary for token in request.prompt):
            raise ValueError(f"a prompt is one token or more, each from 0 to {self._vocabulary - 1}")
        if len(request.prompt) >= self.longest:
            message = f"the prompt has {len(request.prompt)} tokens; with its answer it may have {self.longest}"
            raise RequestTooLong(message, "shorten it")
        if len(self._waiting) >= self._settings.waiting:
            raise Overloaded(f"{len(self._waiting)} requests wait already", "ask again in a few seconds")

    def _admit(self) -> None:
        """Let requests run, in order; one after the other takes its prompt in, so that the next may share it."""
        pinned = {slot.job for slot in self.slots.pins}
        self._waiting.sort(key=lambda each: (not each.was_preempted, each.job not in pinned, each.rank))
        while self._waiting and self._can_begin(self._waiting[0]):
            self._begin(self._waiting.pop(0))

    def _can_begin(self, first: Answering) -> bool:
        is_taking_in = any(each.is_prefilling for each in self._running)
        if is_taking_in or len(self._running) >= self._settings.running:
            return False
        # Answers under way grow: without a margin, the next step would throw out what this one lets in.
        margin = PAGE * len(self._running)
        return not self._running or self.slots.held + len(first.tokens) + margin <= self._model.cells

    def _begin(self, first: Answering) -> None:
        first.slot = self.slots.take(first.tokens, first.job)
        if not first.was_preempted:
            first.cached = len(first.slot.tokens)
            self._count(cached=first.cached)
            self.ttl.queued(self._clock() - first.arrival)
        self._running.append(first)
        self._running.sort(key=lambda each: each.rank)

    def _prefill(self) -> list[Update]:
        taking = next((each for each in self._running if each.is_prefilling), None)
        if taking is None:
            return []
        chunk = taking.pending[: self._settings.chunk]
        while not self.slots.make_room(len(chunk)):
            if self._preempt_latest() is taking:
                return []
        began = self._clock()
        logits = self._evaluate([(taking, chunk)])
        self._learn_speed(len(chunk), self._clock() - began)
        return [] if taking.pending else [self._chosen(taking, logits[0])]

    def _decode(self) -> list[Update]:
        ready = [each for each in self._running if not each.is_prefilling]
        while not self.slots.make_room(len(ready)):
            self._preempt_latest()
            ready = [each for each in self._running if not each.is_prefilling]
        if not ready:
            return []
        logits = self._evaluate([(each, each.tokens[-1:]) for each in ready])
        return [self._chosen(each, row) for each, row in zip(ready, logits, strict=True)]

    def _evaluate(self, parts: list[tuple[Answering, list[int]]]) -> Tensor:
        held = [(each.slot, tokens) for each, tokens in parts if each.slot]
        logits = self._model.evaluate([Stretch(slot.number, len(slot.tokens), tokens) for slot, tokens in held])
        for slot, tokens in held:
            self.slots.add(slot, tokens)
        return logits

    def _preempt_latest(self) -> Answering:
        victim = max(self._running, key=lambda each: each.rank)
        self._running.remove(victim)
        if victim.slot:
            self.slots.forget(victim.slot)
        victim.slot, victim.was_preempted = None, True
        self._waiting.append(victim)
        self._count(preempted=1)
        return victim

    def _chosen(self, each: Answering, logits: Tensor) -> Update:
        token, text, finish = each.choose(logits)
        self._count(generated=1)
        if finish is None:
            return each.request.name, Delta(text, (token,))
        self._count(finished=1)
        return self._ended(each, text, (token,), finish)

    def _ended(self, each: Answering, text: str, taken: tuple[SampledToken, ...], finish: FinishReason) -> Update:
        program, seconds = each.request.program, 0.0
        if program:
            self._programs.turn_ended(program)
            if finish in ("stop", "length") and not program.is_last:
                seconds = self.ttl.seconds("", len(each.tokens))
        (self._running if each in self._running else self._waiting).remove(each)
        if each.slot:
            self.slots.release(each.slot, each.job, seconds)
        return each.request.name, Delta(text, taken, finish, each.usage)

    def _learn_speed(self, tokens: int, seconds: float) -> None:
        self._count(prefilled=tokens)
        self._prefill_seconds += seconds
        self.ttl.reload = ReloadCost(linear=self._prefill_seconds / self._counts.prefilled)

    def _count(self, **more: int) -> None:
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + by for name, by in more.items()})
