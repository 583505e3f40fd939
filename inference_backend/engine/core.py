"""The engine without its thread: takes requests, runs one step at a time, hands out what the answers grew by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.engine.drafter import Drafter, PromptLookup, verify
from repowright.inference_backend.engine.programs import Programs
from repowright.inference_backend.engine.request import Delta, FinishReason, Request, SampledToken
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.sampler import Sampler
from repowright.inference_backend.engine.scheduler import Scheduler
from repowright.inference_backend.engine.sequence import Sequence
from repowright.inference_backend.engine.settings import EngineSettings, EngineStats
from repowright.inference_backend.engine.text import TextStream, Tokeniser
from repowright.inference_backend.engine.ttl import ReloadCost, TimeToLive
from repowright.inference_backend.errors import InferenceError, OutOfPages, RequestTooLong
from repowright.inference_backend.kv.hashes import chain_root
from repowright.inference_backend.kv.place import must_seal, pages_after

Update = tuple[str, Delta]
"""A request's name, and what its answer grew by."""


class EngineCore:
    """Serves requests with one model, one step at a time. Not for several threads.

    Parameters
    ----------
    end_tokens
        Tokens that end an answer.
    revision, rope
        Name the weights and the regime of the rotary embedding; see `kv.hashes.chain_root`.
    drafter
        Guesses tokens; prompt look-up if the settings want drafts and none is given.
    clock
        Returns seconds that only grow.
    """

    def __init__(
        self,
        runner: Runner,
        tokeniser: Tokeniser,
        settings: EngineSettings,
        clock: Callable[[], float],
        end_tokens: frozenset[int] = frozenset(),
        revision: str = "",
        rope: str = "",
        drafter: Drafter | None = None,
    ) -> None:
        pool = runner.pool
        if pool.spec.window < PAGE:
            raise ValueError(f"a window of {pool.spec.window} tokens is too small: drafts and pages need {PAGE}")
        self.ttl = TimeToLive()
        self.scheduler = Scheduler(settings, pool.spec.window, pool.can_share, clock)
        self._programs = Programs(clock, self.ttl)
        self.runner = runner
        self._tokeniser = tokeniser
        self._settings = settings
        self._clock = clock
        self._end_tokens = end_tokens
        self._root = chain_root(pool.spec, revision, rope)
        self._drafter = drafter or PromptLookup()
        self._sequences: dict[str, Sequence] = {}
        self._counts = EngineStats()
        self._prefill_seconds = 0.0

    @property
    def longest(self) -> int:
        """Tokens a prompt and its answer can have together, at most."""
        pool = self.runner.pool
        return min(pool.shape.context, self._settings.pages * PAGE + pool.spec.window)

    @property
    def pinned(self) -> int:
        """Finished turns that are kept for their programs."""
        return len(self.scheduler.pins)

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits or runs."""
        return not self._sequences

    @property
    def stats(self) -> EngineStats:
        """Where the engine stands, and what it has done."""
        pages, scheduler = self.scheduler.pages, self.scheduler
        return replace(
            self._counts,
            running=len(scheduler.running),
            waiting=len(scheduler.waiting),
            pinned=len(scheduler.pins),
            pages_held=pages.held,
            pages_cached=pages.cached,
            pages_free=pages.available - pages.cached,
            preempted=scheduler.preempted,
        )

    def add(self, request: Request) -> None:
        """Take a request.

        Raises
        ------
        RequestTooLong
            If the prompt alone fills the context or the cache.
        Overloaded
            If too many requests wait.
        ValueError
            If the prompt is empty, holds what is no token, or the name is taken.
        """
        self._check(request)
        now = self._clock()
        sequence = Sequence(
            request,
            now,
            now,
            Sampler(request.sampling),
            TextStream(self._tokeniser, request.sampling.stop, request.sampling.keep_special),
            self._root,
        )
        self.scheduler.add(sequence)
        if request.program:
            sequence.program_arrival = self._programs.turn_began(request.program)
        self._sequences[request.name] = sequence

    def cancel(self, name: str) -> Update | None:
        """Stop a request; None if it is not under way."""
        sequence = self._sequences.get(name)
        if sequence is None:
            return None
        self._count(cancelled=1)
        return self._ended(sequence, "", (), "cancelled")

    def fail(self, error: InferenceError) -> list[Update]:
        """Give all requests up."""
        return [self._failed(each, error) for each in list(self._sequences.values())]

    def tool_called(self, job: str, tool: str) -> None:
        """Say which tool the last turn of a program called: its cache is kept for the time that fits that tool."""
        self._programs.called(job, tool)
        self.scheduler.pins.retime(job, lambda tokens: self.ttl.seconds(tool, tokens))

    def program_ended(self, job: str) -> None:
        """Say that no turn of a program follows: what is kept of it may go."""
        self._programs.ended(job)
        self.scheduler.pins.drop(job)

    def step(self) -> list[Update]:
        """Take in a chunk of one prompt and decode the sequences that run; return what the answers grew by."""
        now = self._clock()
        for sequence in self.scheduler.admit():
            if not sequence.was_preempted:
                self._began(sequence, now)
        return self._prefill() + self._decode()

    def _began(self, sequence: Sequence, now: float) -> None:
        self._count(cached=sequence.cached)
        # What was pinned did not queue: the delay counts what a turn that is not kept has to expect.
        if not sequence.was_pinned:
            self.ttl.queued(now - sequence.arrival)

    def _check(self, request: Request) -> None:
        vocabulary = self.runner.pool.shape.vocabulary
        if request.name in self._sequences:
            raise ValueError(f"a request named {request.name} is under way")
        if not request.prompt or not all(0 <= token < vocabulary for token in request.prompt):
            raise ValueError(f"a prompt is one token or more, each from 0 to {vocabulary - 1}")
        if len(request.prompt) >= self.longest:
            message = f"the prompt has {len(request.prompt)} tokens; with its answer it may have {self.longest}"
            raise RequestTooLong(message, "shorten it, or give the cache more pages")

    def _prefill(self) -> list[Update]:
        sequence = next((each for each in self.scheduler.running if each.is_prefilling), None)
        if sequence is None or sequence.place is None:
            return []
        place = sequence.place
        chunk = sequence.tokens[place.length : place.length + self._settings.chunk]
        try:
            fresh = self.scheduler.allocate(pages_after(place, len(chunk), self.runner.pool.spec.window), sequence)
        except OutOfPages as err:
            return [self._failed(sequence, err)]
        if fresh is None:
            return []
        began = self._clock()
        with self.scheduler.lent(fresh):
            logits = self.runner.prefill(place, chunk, fresh)
        self._learn_speed(len(chunk), self._clock() - began)
        self.scheduler.name_pages(sequence)
        return self._chosen(sequence, logits[None], []) if place.length == len(sequence.tokens) else []

    def _decode(self) -> list[Update]:
        work: list[tuple[Sequence, list[int]]] = []
        updates: list[Update] = []
        for sequence in [each for each in self.scheduler.running if not each.is_prefilling]:
            drafts = self._drafts(sequence)
            try:
                if self._has_room(sequence, len(drafts) + 1):
                    work.append((sequence, drafts))
            except OutOfPages as err:
                updates.append(self._failed(sequence, err))
        work = [(sequence, drafts) for sequence, drafts in work if sequence.place]
        if not work:
            return updates
        places = [sequence.place for sequence, _ in work if sequence.place]
        found = self.runner.decode(places, [[sequence.tokens[-1], *drafts] for sequence, drafts in work])
        for (sequence, drafts), logits in zip(work, found, strict=True):
            updates += self._chosen(sequence, logits, drafts, is_decoded=True)
        return updates

    def _drafts(self, sequence: Sequence) -> list[int]:
        request = sequence.request
        left = min(request.sampling.max_tokens - sequence.generated, self.longest - len(sequence.tokens)) - 1
        count = min(self._settings.drafts, left)
        if count < 1 or request.grammar:
            return []
        return self._drafter.propose(sequence.tokens, count)[:count]

    def _has_room(self, sequence: Sequence, tokens: int) -> bool:
        """Seal a page where the window is full; False if the sequence had to give way."""
        pool, place = self.runner.pool, sequence.place
        if place is None or not must_seal(place, tokens, pool.spec.window):
            return place is not None
        fresh = self.scheduler.allocate(1, sequence)
        if fresh is None:
            return False
        with self.scheduler.lent(fresh):
            pool.seal(place, fresh[0])
        self.scheduler.name_pages(sequence)
        return True

    def _chosen(self, sequence: Sequence, logits: Tensor, drafts: list[int], is_decoded: bool = False) -> list[Update]:
        """Choose tokens and add them to the answer, up to its end."""
        chosen = self._choose(sequence, logits, drafts)
        request, text, taken, finish = sequence.request, "", [], None
        for each in chosen:
            text += sequence.take(each, self._is_end(each.token, request))
            taken.append(each)
            finish = self._finish(sequence)
            if finish:
                break
        if is_decoded and sequence.place:
            self.runner.keep(sequence.place, len(taken))
            self.scheduler.name_pages(sequence)
        sequence.drafted += len(drafts)
        sequence.accepted += len(taken) - 1
        self._count(generated=len(taken), drafted=len(drafts), accepted=len(taken) - 1)
        if finish is None:
            return [(request.name, Delta(text, tuple(taken)))]
        self._count(finished=1)
        return [self._ended(sequence, text + sequence.stream.finish(), tuple(taken), finish)]

    def _choose(self, sequence: Sequence, logits: Tensor, drafts: list[int]) -> list[SampledToken]:
        grammar = sequence.request.grammar
        if grammar is None:
            return verify(sequence.sampler, logits, drafts)
        allowed = logits[0].clone()
        grammar.mask(allowed)
        chosen = sequence.sampler.choose(logits[0], allowed)
        grammar.accept(chosen.token)
        return [chosen]

    def _finish(self, sequence: Sequence) -> FinishReason | None:
        sampling, grammar = sequence.request.sampling, sequence.request.grammar
        if (
            self._is_end(sequence.tokens[-1], sequence.request)
            or sequence.stream.is_stopped
            or (grammar and grammar.is_finished)
        ):
            return "stop"
        is_full = sequence.generated >= sampling.max_tokens or len(sequence.tokens) >= self.longest
        return "length" if is_full else None

    def _is_end(self, token: int, request: Request) -> bool:
        return token in self._end_tokens and not request.sampling.ignore_end

    def _failed(self, sequence: Sequence, error: InferenceError) -> Update:
        self._count(failed=1)
        name, delta = self._ended(sequence, "", (), "failed")
        return name, replace(delta, error=error)

    def _ended(self, sequence: Sequence, text: str, taken: tuple[SampledToken, ...], finish: FinishReason) -> Update:
        program, seconds = sequence.request.program, 0.0
        if program:
            self._programs.turn_ended(program)
            if finish in ("stop", "length") and not program.is_last:
                seconds = self.ttl.seconds("", sequence.in_cache)
        self.scheduler.finish(sequence, seconds)
        del self._sequences[sequence.request.name]
        return sequence.request.name, Delta(text, taken, finish, sequence.usage)

    def _learn_speed(self, tokens: int, seconds: float) -> None:
        self._count(prefilled=tokens)
        self._prefill_seconds += seconds
        self.ttl.reload = ReloadCost(linear=self._prefill_seconds / self._counts.prefilled)

    def _count(self, **more: int) -> None:
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + by for name, by in more.items()})
