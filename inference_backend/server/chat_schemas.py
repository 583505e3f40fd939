"""The body of a chat completion."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from repowright.inference_backend.server.schemas import Common, Strict

MOST_TOOLS = 128

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_REASONING = Literal["none", "minimal", "low", "medium", "high", "xhigh"]


class TextPart(Strict):
    """A piece of a message; only text is understood."""

    type: Literal["text"]
    text: str


Content = str | list[TextPart]


class CalledFunction(Strict):
    """What an assistant called; the arguments are JSON as a text."""

    name: str
    arguments: str


class Call(Strict):
    """A call of a tool in the history."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction
    index: int | None = None


class SystemMessage(Strict):
    """Rules for the assistant."""

    role: Literal["system", "developer"]
    content: Content
    name: str | None = None


class UserMessage(Strict):
    """What a person says."""

    role: Literal["user"]
    content: Content
    name: str | None = None


class AssistantMessage(Strict):
    """What the model said or called."""

    role: Literal["assistant"]
    content: Content | None = None
    tool_calls: list[Call] | None = None
    name: str | None = None
    refusal: str | None = None
    audio: None = None
    function_call: None = None
    annotations: list[Any] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.content is None and not self.tool_calls and not self.refusal:
            raise ValueError("an assistant's message has content or tool_calls")
        return self


class ToolMessage(Strict):
    """What a tool returned."""

    role: Literal["tool"]
    content: Content
    tool_call_id: str
    name: str | None = None


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class Function(Strict):
    """A tool the model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, value: str) -> str:
        if not _NAME.fullmatch(value):
            raise ValueError("a tool's name has letters, digits and any of _ . : - alone, 128 at most")
        return value


class Tool(Strict):
    """A tool; only functions are understood."""

    type: Literal["function"]
    function: Function


class NamedFunction(Strict):
    """The name of a tool."""

    name: str


class NamedTool(Strict):
    """The one tool that must be called."""

    type: Literal["function"]
    function: NamedFunction


class SchemaFormat(Strict):
    """A JSON Schema with its name."""

    name: str = Field(min_length=1, max_length=128)
    description: str | None = None
    schema_: dict[str, Any] | None = Field(default=None, alias="schema")
    strict: bool | None = None


class Format(Strict):
    """The form of an answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: SchemaFormat | None = None

    @model_validator(mode="after")
    def _has_its_schema(self) -> Self:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema is given with the type json_schema, and with it alone")
        return self


class ChatRequest(Common):
    """Body of ``/v1/chat/completions``."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    tools: list[Tool] | None = Field(default=None, max_length=MOST_TOOLS)
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: Format | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = Field(default=None, ge=0, le=20)
    modalities: list[Literal["text"]] | None = None
    reasoning_effort: _REASONING | None = None
    verbosity: Literal["low", "medium", "high"] | None = None

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [tool.function.name for tool in self.tools or ()]
        if len(set(names)) < len(names):
            raise ValueError("two tools have the same name")
        if isinstance(self.tool_choice, NamedTool) and self.tool_choice.function.name not in names:
            raise ValueError(f"tool_choice names {self.tool_choice.function.name}, which is not among the tools")
        if self.tool_choice == "required" and not names:
            raise ValueError("tool_choice is required, but there are no tools")
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs is for logprobs: true")
        if self.must_call and self.has_form:
            raise ValueError("an answer cannot both call a tool and have a response_format")
        return self

    @property
    def limit(self) -> int | None:
        """Tokens of the answer, at most."""
        return self.max_completion_tokens or self.max_tokens

    @property
    def offered(self) -> list[Function]:
        """Tools the model may call in this answer."""
        if self.tool_choice == "none":
            return []
        every = [tool.function for tool in self.tools or ()]
        if isinstance(self.tool_choice, NamedTool):
            return [each for each in every if each.name == self.tool_choice.function.name]
        return every

    @property
    def must_call(self) -> bool:
        """Whether the answer has to be a call."""
        return self.tool_choice == "required" or isinstance(self.tool_choice, NamedTool)

    @property
    def has_form(self) -> bool:
        """Whether the answer has to be JSON."""
        return self.response_format is not None and self.response_format.type != "text"

    @property
    def calls_several(self) -> bool:
        """Whether the answer may call more than one tool."""
        return self.parallel_tool_calls is not False and not isinstance(self.tool_choice, NamedTool)
