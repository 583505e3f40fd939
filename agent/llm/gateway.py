"""The one way to a model: recorded, counted, bounded, and the same whether live or replayed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from typing import TypeVar

from pydantic import BaseModel

from repowright.agent.errors import ModelRefused, NoModel, ReplayMiss, ReplyInvalid
from repowright.agent.events import EventBus, LlmCall, LlmReply, LlmRetry, ReplyRejected
from repowright.agent.llm.assembly import REFUSED
from repowright.agent.llm.endpoint import Endpoint
from repowright.agent.llm.json_answers import read_model
from repowright.agent.llm.ledger import Ledger
from repowright.agent.llm.record import Record, Replay
from repowright.agent.llm.repair import Unusable, corrected
from repowright.agent.llm.strict_schema import strict_schema
from repowright.agent.llm.tokens import DENSE_BYTES, estimate_prompt
from repowright.agent.llm.types import Reply, Request

REJECTION = "rejection"
"""Kind of the record's evidence on answers that could not be used."""

ANEW_KIND = "anew"
ANEW = 10_000
"""Added to the sample of a request each time a run ended over it: another independent answer."""

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)


@dataclass
class _Flight:
    """One call under way and how many wait for it."""

    task: asyncio.Task[Reply]
    waiting: int = 0


class Gateway:
    """Answers requests from the run's own record, then a recording, then the endpoint.

    Parameters
    ----------
    model
        The model's name, as the endpoint knows it; part of every request's key.
    endpoint
        ``None`` when nothing may be asked.
    record
        Where every reply is stored as it arrives.
    replay
        A recording; when given, the endpoint is never asked.
    concurrency
        Most calls under way at the endpoint at once.
    """

    def __init__(
        self,
        model: str,
        endpoint: Endpoint | None,
        record: Record,
        replay: Replay | None,
        ledger: Ledger,
        events: EventBus,
        concurrency: int = 8,
    ) -> None:
        self._model = model
        self._endpoint = endpoint
        self._record = record
        self._replay = replay
        self._ledger = ledger
        self._events = events
        self._slots = asyncio.Semaphore(concurrency)
        self._flights: dict[str, _Flight] = {}

    @property
    def model(self) -> str:
        return self._model

    def of_model(self, model: str) -> Gateway:
        """Return a way to another model of the same endpoint: one record, one budget, one bound on calls."""
        if model == self._model:
            return self
        other = copy(self)
        other._model, other._flights = model, {}
        return other

    @property
    def ledger(self) -> Ledger:
        return self._ledger

    @property
    def record(self) -> Record:
        return self._record

    async def complete(self, request: Request) -> Reply:
        """Answer a request; tasks that ask the same at once share one call.

        Raises
        ------
        ReplayMiss
            If a recording is replayed and holds no answer.
        BudgetSpent
            If the budget does not pay for the call, which is then not made.
        ModelError
            If the model cannot be used or declines to answer.
        """
        key = request.key(self._model)
        flight = self._flights.get(key)
        if flight is None:
            flight = _Flight(asyncio.create_task(self._answer(request, key)))
            self._flights[key] = flight
            flight.task.add_done_callback(lambda task: self._landed(key, task))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                flight.task.cancel()
                await asyncio.wait([flight.task])

    async def ask(self, request: Request, parse: Callable[[Reply], T], max_repairs: int = 2) -> T:
        """Answer a request in a form that ``parse`` accepts.

        ``parse`` raises ``Unusable``; the model is then told the problems and asked again.

        Raises
        ------
        ReplyInvalid
            If the answer is still unusable after ``max_repairs`` rounds.
        """
        key = request.key(self._model)
        asked = replace(request, sample=request.sample + ANEW * self._asked_anew(key))
        for number in range(max_repairs + 1):
            reply = await self.complete(asked)
            problems = self._rejected_before(asked)
            if not problems:
                try:
                    return _parsed(reply, request.max_tokens, parse)
                except Unusable as err:
                    problems = err.problems
            self._record.put_text(REJECTION, asked.key(self._model), json.dumps(problems))
            self._emit_rejected(request, problems, number)
            asked = corrected(asked, reply, problems)
        message = f"the model gave no usable answer to {_named(request)}: {problems[0]}"
        raise ReplyInvalid(message, "resume to ask it again", tuple(problems), key)

    async def ask_model(
        self,
        request: Request,
        model: type[M],
        check: Callable[[M], list[str]] | None = None,
        max_repairs: int = 2,
    ) -> M:
        """Answer a request with an instance of a pydantic model.

        Parameters
        ----------
        check
            Problems of a well-formed answer, for the model to mend; empty when it can be used.
        """
        asked = replace(request, schema_name=model.__name__, schema=strict_schema(model))
        return await self.ask(asked, lambda reply: _checked(read_model(reply.text, model), check), max_repairs)

    def ask_anew(self, key: str) -> None:
        """Let the next sitting ask a request afresh whose answers ended this one.

        Without it a resumed run would meet the very same answers again.
        """
        self._record.put_text(ANEW_KIND, key, str(self._asked_anew(key) + 1))

    def _asked_anew(self, key: str) -> int:
        told = self._record.get_text(ANEW_KIND, key)
        if told is None and self._replay is not None:
            told = self._replay.get_text(ANEW_KIND, key)
        return int(told or 0)

    def _rejected_before(self, request: Request) -> list[str]:
        """Return why this run, or the recording, rejected the answer to a request.

        The words go into the next request, and they may differ between versions of Python; a recorded rejection
        therefore stands as it was made.
        """
        key = request.key(self._model)
        told = self._record.get_text(REJECTION, key)
        if told is None and self._replay is not None:
            told = self._replay.get_text(REJECTION, key)
        return [] if told is None else [str(problem) for problem in json.loads(told)]

    async def _answer(self, request: Request, key: str) -> Reply:
        self._events.emit(LlmCall(task=request.task, subject=request.subject, key=key))
        known = self._known(request, key)
        if known is not None:
            self._ledger.note_replayed(known.usage)
            self._emit_reply(request, key, known, 0.0, 1)
            return known
        return await self._ask_endpoint(request, key)

    def _known(self, request: Request, key: str) -> Reply | None:
        own = self._record.get(key)
        if own is not None:
            return own.model_copy(update={"source": "record"})
        if self._replay is None:
            return None
        replayed = self._replay.get(key)
        if replayed is None:
            held = f"the recording holds {len(self._replay)} answers"
            message = f"{held}, none to {_named(request)} under key {key}"
            raise ReplayMiss(message, "replay with the settings and version of the recording, or ask a model")
        self._record.keep(request, self._model, replayed)
        return replayed

    async def _ask_endpoint(self, request: Request, key: str) -> Reply:
        if self._endpoint is None:
            raise NoModel("no model is configured", "set an endpoint and a model, or replay a recording")
        tries = 1

        def retried(reason: str, wait_s: float) -> None:
            nonlocal tries
            tries += 1
            self._events.emit(LlmRetry(task=request.task, subject=request.subject, reason=reason, wait_s=wait_s))

        async with self._slots:
            reservation = await self._ledger.reserve(estimate_prompt(request, DENSE_BYTES), request.max_tokens)
            try:
                reply = await self._endpoint.complete(request, self._model, retried)
            except BaseException:
                self._ledger.release(reservation)
                raise
            cost = self._ledger.settle(reservation, reply.usage)
        if reply.finish_reason not in REFUSED:
            self._record.keep(request, self._model, reply)
        self._emit_reply(request, key, reply, cost.usd, tries)
        if reply.finish_reason in REFUSED:
            why = " ".join(reply.text.split())[:200] or reply.finish_reason
            raise ModelRefused(
                f"the model declines {request.task}: {why}", "reword the specification or use another model"
            )
        return reply

    def _landed(self, key: str, task: asyncio.Task[Reply]) -> None:
        self._flights.pop(key, None)
        if not task.cancelled():
            # Marks the error as seen: everybody who waited for it may be gone.
            task.exception()

    def _emit_reply(self, request: Request, key: str, reply: Reply, usd: float, tries: int) -> None:
        self._events.emit(
            LlmReply(
                task=request.task,
                subject=request.subject,
                key=key,
                source=reply.source,
                prompt_tokens=reply.usage.prompt_tokens,
                completion_tokens=reply.usage.completion_tokens,
                cached_tokens=reply.usage.cached_tokens,
                usd=usd,
                seconds=reply.seconds,
                tries=tries,
            )
        )

    def _emit_rejected(self, request: Request, problems: list[str], number: int) -> None:
        self._events.emit(
            ReplyRejected(task=request.task, subject=request.subject, problems=problems, round=number + 1)
        )


def _named(request: Request) -> str:
    return f"{request.task} ({request.subject})" if request.subject else request.task


def _parsed(reply: Reply, max_tokens: int, parse: Callable[[Reply], T]) -> T:
    if reply.finish_reason == "length":
        raise Unusable([f"it was cut off at {max_tokens} tokens: answer shorter, with nothing around the answer"])
    return parse(reply)


def _checked(answer: M, check: Callable[[M], list[str]] | None) -> M:
    problems = check(answer) if check is not None else []
    if problems:
        raise Unusable(problems)
    return answer
