"""What crosses the gateway: a typed request in, a reply out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Role = Literal["system", "user", "assistant", "tool"]


class ToolCall(BaseModel):
    """One tool the model wants called; ``arguments`` is the JSON text as the model wrote it."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str
    arguments: str


class Message(BaseModel):
    """One message of the conversation."""

    model_config = ConfigDict(frozen=True)

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; ``parameters`` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """One call to a model.

    Parameters
    ----------
    task
        Dotted name of the prompt: ``generate.code.tests``.
    prompt_hash
        Hash of the prompt file the messages were rendered from.
    schema
        JSON Schema the answer must satisfy; ``None`` for free text.
    max_tokens
        Upper bound of the completion, in tokens.
    sample
        Tells apart independent samples of one and the same request (votes).
    subject
        What it is about, for people; no part of the key.
    heard
        Called with each piece of text as it arrives from an endpoint; no part of the key.
    is_last
        No turn of the same conversation follows, which a local model may make use of; no part of the key.
    """

    task: str
    prompt_hash: str
    messages: tuple[Message, ...]
    schema_name: str = ""
    schema: Mapping[str, Any] | None = None
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 8192
    temperature: float = 0.0
    sample: int = 0
    subject: str = field(default="", compare=False)
    heard: Callable[[str], None] | None = field(default=None, compare=False, repr=False)
    is_last: bool = field(default=False, compare=False)

    def canonical(self, model: str) -> str:
        """The request as canonical JSON: sorted keys, no spaces, UTF-8 text; what ``key`` hashes."""
        body = {
            "model": model,
            "task": self.task,
            "prompt": self.prompt_hash,
            "messages": [
                message.model_dump(exclude_defaults=True) | {"role": message.role} for message in self.messages
            ],
            "schema": self.schema,
            "tools": [[tool.name, tool.description, tool.parameters] for tool in self.tools],
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
            "sample": self.sample,
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def key(self, model: str) -> str:
        """Content address of the request: 32 hex digits of SHA-256."""
        return hashlib.sha256(self.canonical(model).encode()).hexdigest()[:32]


class Usage(BaseModel):
    """Tokens of one call, as the endpoint counted them."""

    model_config = ConfigDict(frozen=True)

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


class Reply(BaseModel):
    """What the model answered; ``seconds`` is the endpoint's time, not the gateway's."""

    model_config = ConfigDict(frozen=True)

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = "stop"
    usage: Usage = Usage()
    seconds: float = 0.0
    source: Literal["endpoint", "replay", "record"] = "endpoint"
