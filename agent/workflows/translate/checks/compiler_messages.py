"""Messages of rustc and clippy as ``cargo --message-format=json`` writes them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.workflows.translate.checks.finding import Diagnostic, Suggestion

WORKSPACE = "/workspace/"


class _Base(BaseModel):
    model_config = ConfigDict(frozen=True)


class _Span(_Base):
    file_name: str
    byte_start: int
    byte_end: int
    line_start: int
    is_primary: bool
    label: str | None = None
    suggested_replacement: str | None = None
    suggestion_applicability: str | None = None


class _Code(_Base):
    code: str


class _Message(_Base):
    message: str
    level: str
    code: _Code | None = None
    spans: tuple[_Span, ...] = ()
    children: tuple[_Message, ...] = ()
    rendered: str | None = None


def read_messages(output: str) -> tuple[Diagnostic, ...]:
    """Return the errors and warnings of a build, each once, errors first; summaries are left out."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for line in output.splitlines():
        message = _message(line)
        if message is None or message.level not in ("error", "warning") or _is_summary(message):
            continue
        diagnostic = _diagnostic(message)
        # A library and its tests are compiled apart and say the same.
        found.setdefault((diagnostic.code, diagnostic.message, diagnostic.path, diagnostic.start), diagnostic)
    return tuple(sorted(found.values(), key=lambda each: each.level != "error"))


def _message(line: str) -> _Message | None:
    if not line.startswith("{"):
        return None
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    if not isinstance(event, Mapping) or event.get("reason") != "compiler-message":
        return None
    try:
        return _Message.model_validate(event["message"])
    except (KeyError, ValidationError):
        return None


def _is_summary(message: _Message) -> bool:
    counts = "aborting due to" in message.message or "emitted" in message.message
    return counts and not message.spans and message.code is None


def _diagnostic(message: _Message) -> Diagnostic:
    place = next((span for span in message.spans if span.is_primary), None)
    return Diagnostic(
        level=message.level,
        code=message.code.code if message.code is not None else "",
        message=message.message,
        path=_relative(place.file_name) if place is not None else "",
        line=place.line_start if place is not None else 0,
        start=place.byte_start if place is not None else 0,
        end=place.byte_end if place is not None else 0,
        label=(place.label or "") if place is not None else "",
        rendered=message.rendered or message.message,
        fixes=tuple(_fixes(message)),
    )


def _fixes(message: _Message) -> Iterator[tuple[Suggestion, ...]]:
    for child in message.children:
        parts = tuple(
            Suggestion(
                _relative(span.file_name),
                span.byte_start,
                span.byte_end,
                span.suggested_replacement,
                span.suggestion_applicability or "Unspecified",
            )
            for span in child.spans
            if span.suggested_replacement is not None
        )
        if parts:
            yield parts


def _relative(path: str) -> str:
    return path.removeprefix(WORKSPACE).removeprefix("./")
