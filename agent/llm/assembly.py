"""Puts a reply together from what an endpoint sends, in one piece or in many."""

from __future__ import annotations

import json
from typing import Annotated

from pydantic import BaseModel, BeforeValidator

from repowright.agent.llm.types import Reply, ToolCall, Usage

REFUSED = ("content_filter", "refusal")
"""Finish reasons of a reply that declines to answer."""


class NotACompletion(Exception):
    """The endpoint sent something that is not an answer of a chat model."""


class CutOff(Exception):
    """The answer ended before the endpoint said that it was complete."""


class ErrorInBody(Exception):
    """The endpoint reported an error under a status of success; ``status`` is 0 when it names none."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _joined(value: object) -> object:
    """Content as a list of typed parts, of which only the text is the answer."""
    if not isinstance(value, list):
        return value
    parts = [part for part in value if isinstance(part, dict) and part.get("type", "text") == "text"]
    return "".join(str(part.get("text", "")) for part in parts)


def _as_json(value: object) -> object:
    return json.dumps(value) if isinstance(value, dict | list) else value


class _Function(BaseModel):
    name: str | None = None
    arguments: Annotated[str | None, BeforeValidator(_as_json)] = None


class _Call(BaseModel):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Part(BaseModel):
    content: Annotated[str | None, BeforeValidator(_joined)] = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(BaseModel):
    index: int | None = None
    delta: _Part | None = None
    message: _Part | None = None
    finish_reason: str | None = None


class _Cached(BaseModel):
    cached_tokens: int | None = None


class _Usage(BaseModel):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Cached | None = None


class Piece(BaseModel):
    """A whole completion, or one chunk of a streamed one."""

    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: object = None


class _CallUnderWay:
    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments = ""

    def add(self, call: _Call) -> None:
        self.id = self.id or call.id or ""
        if call.function is not None:
            self.name = self.name or call.function.name or ""
            self.arguments += call.function.arguments or ""


class Assembly:
    """Collects pieces until they make a reply."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._refusal: list[str] = []
        self._calls: list[_CallUnderWay] = []
        self._by_index: dict[int, _CallUnderWay] = {}
        self._finish = ""
        self._usage: _Usage | None = None
        self._answered = False

    def add(self, piece: Piece) -> str:
        """Take in one piece and return the text it adds.

        Raises
        ------
        ErrorInBody
            If the piece reports an error.
        """
        if piece.error:
            raise _error_in(piece.error)
        self._usage = piece.usage or self._usage
        return "".join(self._take(choice) for choice in piece.choices or [] if not choice.index)

    def _take(self, choice: _Choice) -> str:
        self._answered = True
        self._finish = choice.finish_reason or self._finish
        part = choice.message or choice.delta or _Part()
        self._text.append(part.content or "")
        self._refusal.append(part.refusal or "")
        for call in part.tool_calls or []:
            self._slot(call).add(call)
        return part.content or ""

    def _slot(self, call: _Call) -> _CallUnderWay:
        known = self._by_index.get(call.index) if call.index is not None else None
        # Some servers number every call 0: a second id under one index is a second call.
        if known is not None and not (call.id and known.id and call.id != known.id):
            return known
        if known is None and call.index is None and not call.id and self._calls:
            return self._calls[-1]
        slot = _CallUnderWay()
        self._calls.append(slot)
        if call.index is not None:
            self._by_index[call.index] = slot
        return slot

    def reply(self, *, streamed: bool) -> Reply:
        """The reply; its usage is all zero when the endpoint did not count.

        Raises
        ------
        NotACompletion
            If no piece held a choice.
        CutOff
            If a stream ended without a finish reason.
        """
        if not self._answered:
            raise NotACompletion("a body without choices")
        if streamed and not self._finish:
            raise CutOff("the stream ended before the answer did")
        refusal = "".join(self._refusal)
        return Reply(
            text=refusal or "".join(self._text),
            tool_calls=tuple(
                ToolCall(id=call.id or f"call_{number}", name=call.name, arguments=call.arguments)
                for number, call in enumerate(self._calls)
            ),
            finish_reason="refusal" if refusal else self._finish or "stop",
            usage=self._counted(),
        )

    def _counted(self) -> Usage:
        if self._usage is None:
            return Usage()
        details = self._usage.prompt_tokens_details
        return Usage(
            prompt_tokens=self._usage.prompt_tokens or 0,
            completion_tokens=self._usage.completion_tokens or 0,
            cached_tokens=(details.cached_tokens or 0) if details else 0,
        )


def _error_in(error: object) -> ErrorInBody:
    if not isinstance(error, dict):
        return ErrorInBody(0, str(error))
    code = error.get("code")
    return ErrorInBody(code if isinstance(code, int) else 0, str(error.get("message") or error))
