"""What one endpoint understands of the protocol, learnt from what it refuses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

_ABOUT_FORMAT = ("response_format", "json_", "schema", "structured", "grammar", "guided")
_REFUSALS = (400, 404, 415, 422, 501)
_PLAINER_FORMAT: dict[str, Literal["json_object", "text"]] = {
    "json_schema": "json_object",
    "json_object": "text",
}


@dataclass(frozen=True)
class Dialect:
    """The parts of Chat Completions that are used with an endpoint; each only ever gets plainer.

    Parameters
    ----------
    answer_format
        ``json_schema`` has the server enforce the schema; otherwise the prompt states it.
    native_tools
        ``False`` when tools are offered, and called, in plain text.
    """

    answer_format: Literal["json_schema", "json_object", "text"] = "json_schema"
    stream: bool = True
    stream_usage: bool = True
    limit_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True
    native_tools: bool = True

    def without(self, status: int, refusal: str, *, schema: bool, tools: bool) -> Dialect | None:
        """The plainer dialect to try after a refusal; ``None`` when the refusal is about something else.

        Parameters
        ----------
        refusal
            The parameter and the message of the server's error.
        schema, tools
            Whether the refused request held any.
        """
        text = refusal.lower()
        # A prompt that is too long is refused in words that name max_tokens; no dialect mends it.
        if status not in _REFUSALS or "context length" in text or "context window" in text:
            return None
        return self._plainer_stream(text) or self._plainer_numbers(text) or self._plainer_answer(text, schema, tools)

    def _plainer_stream(self, text: str) -> Dialect | None:
        if self.stream and self.stream_usage and "stream_options" in text:
            return replace(self, stream_usage=False)
        if self.stream and "stream" in text:
            return replace(self, stream=False)
        return None

    def _plainer_numbers(self, text: str) -> Dialect | None:
        if self.limit_name == "max_tokens" and "max_completion_tokens" in text:
            return replace(self, limit_name="max_completion_tokens")
        if self.temperature and "temperature" in text:
            return replace(self, temperature=False)
        return None

    def _plainer_answer(self, text: str, schema: bool, tools: bool) -> Dialect | None:
        if schema and self.answer_format != "text" and any(word in text for word in _ABOUT_FORMAT):
            return replace(self, answer_format=_PLAINER_FORMAT[self.answer_format])
        if tools and self.native_tools and "tool" in text:
            return replace(self, native_tools=False)
        return None
