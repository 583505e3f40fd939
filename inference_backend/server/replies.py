"""Answers in the words of the protocol: whole, and in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from repowright.inference_backend.engine.request import Usage
from repowright.inference_backend.server.answers import Piece
from repowright.inference_backend.server.logprobs import Bytes, chat_logprobs, text_logprobs
from repowright.inference_backend.server.tool_reading import Called, Said

Body = dict[str, Any]


class Rendering(Protocol):
    """Writes the answers to one request."""

    def opening(self, number: int) -> Body | None:
        """Return the chunk an answer begins with, if it has one."""

    def chunk(self, number: int, piece: Piece) -> Body | None:
        """Return a chunk; None if nothing of the piece is to be told."""

    def whole(self, answers: Sequence[Sequence[Piece]]) -> Body:
        """Return all answers as one body."""

    def usage_chunk(self, usages: Sequence[Usage]) -> Body:
        """Return the last chunk of a stream that is asked for its cost."""


class Rendered:
    """What is the same for both kinds of completion.

    Parameters
    ----------
    top
        Likeliest tokens that are told of each token; None tells no log-probabilities.
    per_prompt
        Answers to one prompt.
    """

    kind = ""
    chunk_kind = ""

    def __init__(
        self, name: str, created: int, model: str, fingerprint: str, known: Bytes, top: int | None, per_prompt: int = 1
    ) -> None:
        self._name = name
        self._head: Body = {"id": name, "created": created, "model": model, "system_fingerprint": fingerprint}
        self._known = known
        self._top = top
        self._per_prompt = per_prompt

    def opening(self, number: int) -> Body | None:
        """Return the chunk an answer begins with, if it has one."""
        return None

    def usage_chunk(self, usages: Sequence[Usage]) -> Body:
        """Return the last chunk of a stream that is asked for its cost."""
        return {**self._head, "object": self.chunk_kind, "choices": [], "usage": self._usage(usages)}

    def _whole(self, choices: list[Body], answers: Sequence[Sequence[Piece]]) -> Body:
        usages = [piece.usage for pieces in answers for piece in pieces if piece.usage]
        return {**self._head, "object": self.kind, "choices": choices, "usage": self._usage(usages)}

    def _chunk(self, choice: Body) -> Body:
        return {**self._head, "object": self.chunk_kind, "choices": [choice]}

    def _usage(self, usages: Sequence[Usage]) -> Body:
        first = usages[:: self._per_prompt]
        prompt, completion = sum(one.prompt for one in first), sum(one.completion for one in usages)
        accepted = sum(one.accepted for one in usages)
        rejected = sum(one.drafted for one in usages) - accepted
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": sum(one.cached for one in first)},
            "completion_tokens_details": {
                "accepted_prediction_tokens": accepted,
                "rejected_prediction_tokens": rejected,
            },
        }


class ChatRendering(Rendered):
    """Writes ``/v1/chat/completions``."""

    kind = "chat.completion"
    chunk_kind = "chat.completion.chunk"

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self._calls: dict[int, int] = {}

    def opening(self, number: int) -> Body | None:
        """Return the chunk that says who speaks."""
        delta = {"role": "assistant", "content": ""}
        return self._chunk({"index": number, "delta": delta, "logprobs": None, "finish_reason": None})

    def chunk(self, number: int, piece: Piece) -> Body | None:
        """Return a chunk; None if nothing of the piece is to be told."""
        text, calls, logprobs = _text(piece), self._called(number, piece), self._logprobs(piece)
        delta: Body = ({"content": text} if text else {}) | ({"tool_calls": calls} if calls else {})
        finish = self._finish(number, piece)
        if not delta and not finish and not (logprobs and logprobs["content"]):
            return None
        return self._chunk({"index": number, "delta": delta, "logprobs": logprobs, "finish_reason": finish})

    def whole(self, answers: Sequence[Sequence[Piece]]) -> Body:
        """Return all answers as one body."""
        return self._whole([self._choice(number, pieces) for number, pieces in enumerate(answers)], answers)

    def _choice(self, number: int, pieces: Sequence[Piece]) -> Body:
        calls = [call for piece in pieces for call in self._called(number, piece)]
        text = "".join(_text(piece) for piece in pieces)
        message: Body = {"role": "assistant", "content": text if text or not calls else None, "refusal": None}
        if calls:
            message["tool_calls"] = [{word: call[word] for word in ("id", "type", "function")} for call in calls]
        tokens = tuple(token for piece in pieces for token in piece.tokens)
        return {
            "index": number,
            "message": message,
            "logprobs": self._logprobs(Piece((), tokens)),
            "finish_reason": self._finish(number, pieces[-1]),
        }

    def _called(self, number: int, piece: Piece) -> list[Body]:
        found: list[Body] = []
        for call in (part for part in piece.parts if isinstance(part, Called)):
            at = self._calls.get(number, 0)
            self._calls[number] = at + 1
            name = f"call_{self._name.rpartition('-')[2][:20]}_{number}_{at}"
            function = {"name": call.name, "arguments": call.arguments}
            found.append({"index": at, "id": name, "type": "function", "function": function})
        return found

    def _finish(self, number: int, piece: Piece) -> str | None:
        return "tool_calls" if piece.finish == "stop" and self._calls.get(number) else piece.finish

    def _logprobs(self, piece: Piece) -> Body | None:
        return None if self._top is None else chat_logprobs(piece.tokens, self._known, self._top)


class TextRendering(Rendered):
    """Writes ``/v1/completions``."""

    kind = "text_completion"
    chunk_kind = "text_completion"

    def __init__(self, *named: Any, **more: Any) -> None:
        super().__init__(*named, **more)
        self._told: dict[int, int] = {}

    def chunk(self, number: int, piece: Piece) -> Body | None:
        """Return a chunk; None if nothing of the piece is to be told."""
        logprobs = self._logprobs(number, piece)
        if not _text(piece) and not piece.finish and not (logprobs and logprobs["tokens"]):
            return None
        return self._chunk(self._choice(number, _text(piece), logprobs, piece.finish))

    def whole(self, answers: Sequence[Sequence[Piece]]) -> Body:
        """Return all answers as one body."""
        choices = []
        for number, pieces in enumerate(answers):
            tokens = tuple(token for piece in pieces for token in piece.tokens)
            logprobs = self._logprobs(number, Piece((), tokens))
            text = "".join(_text(piece) for piece in pieces)
            choices.append(self._choice(number, text, logprobs, pieces[-1].finish))
        return self._whole(choices, answers)

    def _choice(self, number: int, text: str, logprobs: Body | None, finish: str | None) -> Body:
        return {"index": number, "text": text, "logprobs": logprobs, "finish_reason": finish}

    def _logprobs(self, number: int, piece: Piece) -> Body | None:
        if self._top is None:
            return None
        told = text_logprobs(piece.tokens, self._known, self._top, self._told.get(number, 0))
        self._told[number] = self._told.get(number, 0) + sum(len(text) for text in told["tokens"])
        return told


def _text(piece: Piece) -> str:
    return "".join(part.text for part in piece.parts if isinstance(part, Said))
