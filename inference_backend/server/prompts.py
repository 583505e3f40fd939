"""A conversation as the tokens a model continues."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from repowright.inference_backend.server.chat_schemas import AssistantMessage, Call, Content, Function, Message
from repowright.inference_backend.server.chat_schemas import ToolMessage as Result
from repowright.inference_backend.server.failures import Refused
from repowright.inference_backend.server.tool_formats import ToolFormat, call_text, described, format_of, told

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Written = dict[str, Any]


class Prompts:
    """Writes conversations by a model's chat template. For several threads."""

    def __init__(self, tokeniser: PreTrainedTokenizerBase) -> None:
        self._tokeniser = tokeniser
        # A fast tokeniser is borrowed while it works, and fails if it is then changed from another thread.
        self._lock = threading.Lock()
        template = tokeniser.chat_template or ""
        text = "\n".join(str(each) for each in template.values()) if isinstance(template, dict) else template
        self._can_chat = bool(text)
        self._knows_tools = "tools" in text
        self.format: ToolFormat = format_of(text)

    def of_chat(self, messages: Sequence[Message], tools: Sequence[Function], thinks: bool) -> tuple[int, ...]:
        """Return the tokens of a conversation up to where the assistant answers.

        Parameters
        ----------
        thinks
            A reasoning model may think first; false where the answer is held to a form from its first token on.

        Raises
        ------
        Refused
            If the model has no chat template, or its template refuses the conversation.
        """
        from jinja2 import TemplateError

        if not self._can_chat:
            raise Refused(400, "the model has no chat template: use /v1/completions", "messages", "no_chat_template")
        if self.format.name == "llama":
            messages = _one_at_a_time(messages)
        written = _native(messages) if self._knows_tools else _plain(messages, tools)
        known: Mapping[str, Any] = {"tools": [described(tool) for tool in tools]} if tools and self._knows_tools else {}
        try:
            text = self._tokeniser.apply_chat_template(
                written, add_generation_prompt=True, tokenize=False, enable_thinking=thinks, **known
            )
        except (TemplateError, TypeError, ValueError) as err:
            said = str(err).splitlines()[0] if str(err) else type(err).__name__
            raise Refused(400, f"the model's chat template refuses the conversation: {said}", "messages") from err
        return self.of_text(str(text), special=False)

    def of_text(self, text: str, special: bool = True) -> tuple[int, ...]:
        """Return the tokens of a text, with what the model wants at its beginning if ``special``."""
        with self._lock:
            found: Any = self._tokeniser(text, add_special_tokens=special)["input_ids"]
        return tuple(found)


def _native(messages: Sequence[Message]) -> list[Written]:
    """Messages as templates that know tools expect them: arguments as objects, results with the tool's name."""
    names = {call.id: call.function.name for call in _calls(messages)}
    written: list[Written] = []
    for message in messages:
        one = _basic(message)
        if isinstance(message, AssistantMessage) and message.tool_calls:
            one["tool_calls"] = [_native_call(call) for call in message.tool_calls]
        if isinstance(message, Result):
            one |= {"tool_call_id": message.tool_call_id, "name": names.get(message.tool_call_id, message.name or "")}
        written.append(one)
    return written


def _plain(messages: Sequence[Message], tools: Sequence[Function]) -> list[Written]:
    """Messages for templates that know no tools: calls and results become text, and the tools a rule."""
    written: list[Written] = []
    for message in messages:
        one = _basic(message)
        if isinstance(message, AssistantMessage) and message.tool_calls:
            calls = [call_text(call.function.name, call.function.arguments) for call in message.tool_calls]
            one["content"] = "\n".join([one["content"], *calls] if one["content"] else calls)
        if isinstance(message, Result):
            one = {"role": "user", "content": f"<tool_response>\n{one['content']}\n</tool_response>"}
            if written and written[-1]["role"] == "user" and written[-1]["content"].endswith("</tool_response>"):
                written[-1]["content"] += f"\n{one['content']}"
                continue
        written.append(one)
    if tools and written[0]["role"] == "system":
        written[0]["content"] += f"\n\n{told(tools)}"
    elif tools:
        written.insert(0, {"role": "system", "content": told(tools)})
    return written


def _one_at_a_time(messages: Sequence[Message]) -> list[Message]:
    """Several calls of one message as one after the other, each with its result: Llama's templates want that."""
    results = {message.tool_call_id: message for message in messages if isinstance(message, Result)}
    found: list[Message] = []
    moved: set[str] = set()
    for message in messages:
        calls = (message.tool_calls or []) if isinstance(message, AssistantMessage) else []
        for number, call in enumerate(calls if len(calls) > 1 else []):
            content = None if number else message.content
            found.append(message.model_copy(update={"tool_calls": [call], "content": content}))
            if call.id in results:
                found.append(results[call.id])
                moved.add(call.id)
        is_moved = isinstance(message, Result) and message.tool_call_id in moved
        if len(calls) < 2 and not is_moved:
            found.append(message)
    return found


def _basic(message: Message) -> Written:
    role = "system" if message.role == "developer" else message.role
    return {"role": role, "content": _text(message.content)}


def _text(content: Content | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "".join(part.text for part in content)


def _calls(messages: Sequence[Message]) -> list[Call]:
    spoken = [message for message in messages if isinstance(message, AssistantMessage)]
    return [call for message in spoken for call in message.tool_calls or ()]


def _native_call(call: Call) -> Written:
    try:
        arguments = json.loads(call.function.arguments or "{}")
    except ValueError:
        arguments = call.function.arguments
    return {"id": call.id, "type": "function", "function": {"name": call.function.name, "arguments": arguments}}
