"""Finds calls of tools in an answer as it comes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from repowright.inference_backend.server.chat_schemas import Function
from repowright.inference_backend.server.tool_formats import ToolFormat

_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_PYTHON = "<|python_tag|>"
_FUNCTION = re.compile(r"<function=([^>\n]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=([^>\n]+)>\n?(.*?)(?:\n?</parameter>|(?=<parameter=)|\Z)", re.DOTALL)


@dataclass(frozen=True)
class Said:
    """Text of an answer."""

    text: str


@dataclass(frozen=True)
class Called:
    """A call of a tool; the arguments are a JSON object as a text."""

    name: str
    arguments: str


Part = Said | Called


class Reader(Protocol):
    """Turns the text of an answer, as it comes, into what was said and what was called."""

    def push(self, text: str) -> list[Part]:
        """Take more of the text; return what is certain now."""

    def finish(self) -> list[Part]:
        """Return what was held back."""


class TextReader:
    """Reads answers that call nothing."""

    def push(self, text: str) -> list[Part]:
        """Return the text."""
        return [Said(text)] if text else []

    def finish(self) -> list[Part]:
        """Return nothing: nothing was held back."""
        return []


class TaggedReader:
    """Reads calls between ``<tool_call>`` marks, in JSON or XML; what is no call remains text.

    White space around calls is dropped.
    """

    def __init__(self, tools: Sequence[Function]) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._text = ""
        self._space = ""
        self._has_called = False

    def push(self, text: str) -> list[Part]:
        """Take more of the text; return what is certain now."""
        self._text += text
        found: list[Part] = []
        while _OPEN in self._text:
            before, _, rest = self._text.partition(_OPEN)
            found += self._said(before)
            self._text = _OPEN + rest
            calls, end = self._first_calls(rest)
            if not end:
                return found
            found += self._called(calls)
            self._text = rest[end:]
        kept = _beginning(self._text, _OPEN)
        found += self._said(self._text[: len(self._text) - kept])
        self._text = self._text[len(self._text) - kept :]
        return found

    def finish(self) -> list[Part]:
        """Return what was held back: a call that was not closed is one all the same if it is whole."""
        rest, self._text = self._text, ""
        if rest.startswith(_OPEN):
            inside = rest.removeprefix(_OPEN)
            calls = self._calls(inside)
            # What is no call is text, but further calls may stand behind it.
            return self._called(calls) if calls else [*self._said(_OPEN), *self.push(inside), *self.finish()]
        found = self._said(rest)
        return found if self._has_called or not self._space else [*found, Said(self._space)]

    def _first_calls(self, text: str) -> tuple[list[Called], int]:
        """The calls before the first closing mark that closes some, and where it ends; arguments may hold marks."""
        end = text.find(_CLOSE)
        while end >= 0:
            calls = self._calls(text[:end])
            if calls:
                return calls, end + len(_CLOSE)
            end = text.find(_CLOSE, end + 1)
        return [], 0

    def _calls(self, inside: str) -> list[Called]:
        if "<function=" in inside and not inside.lstrip().startswith(("{", "[")):
            return [self._from_xml(*found) for found in _FUNCTION.findall(inside)]
        try:
            value = json.loads(inside)
        except ValueError:
            return []
        found = [_call(each) for each in (value if isinstance(value, list) else [value])]
        return [each for each in found if each] if all(found) else []

    def _from_xml(self, name: str, body: str) -> Called:
        tool = self._tools.get(name)
        properties = (tool.parameters or {}).get("properties", {}) if tool else {}
        values = {key: _typed(text, properties.get(key)) for key, text in _PARAMETER.findall(body)}
        return Called(name, json.dumps(values, ensure_ascii=False))

    def _called(self, calls: list[Called]) -> list[Part]:
        self._has_called, self._space = True, ""
        return list(calls)

    def _said(self, text: str) -> list[Part]:
        """Text without the white space that may turn out to lie around a call."""
        whole = self._space + text
        said = whole.rstrip()
        self._space = whole[len(said) :]
        return [Said(said)] if said else []


class BareReader:
    """Reads answers that are calls in JSON as a whole, as Llama 3 writes them, with ``;`` between."""

    def __init__(self, tools: Sequence[Function]) -> None:
        self._names = {tool.name for tool in tools}
        self._text = ""
        self._is_text = False

    def push(self, text: str) -> list[Part]:
        """Take more of the text; return it once it cannot be a call."""
        if self._is_text:
            return [Said(text)] if text else []
        self._text += text
        begin = self._text.lstrip()
        if not begin or begin.startswith("{") or begin.startswith(_PYTHON) or _PYTHON.startswith(begin):
            return []
        self._is_text = True
        return [Said(self._text)]

    def finish(self) -> list[Part]:
        """Return the calls, or the text if it is none after all."""
        if self._is_text or not self._text:
            return []
        calls = self._calls(self._text.strip().removeprefix(_PYTHON).strip())
        return list(calls) or [Said(self._text)]

    def _calls(self, text: str) -> list[Called]:
        found: list[Called] = []
        decoder = json.JSONDecoder()
        while text:
            try:
                value, end = decoder.raw_decode(text)
            except ValueError:
                return []
            call = _call(value)
            if call is None or call.name not in self._names:
                return []
            found.append(call)
            text = text[end:].lstrip("; \n\t")
        return found


class CallsAlone:
    """Reads answers that must be calls: a call that was cut off is no text."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def push(self, text: str) -> list[Part]:
        """Take more of the text; return the calls in it."""
        return [part for part in self._reader.push(text) if isinstance(part, Called)]

    def finish(self) -> list[Part]:
        """Return the calls that were held back."""
        return [part for part in self._reader.finish() if isinstance(part, Called)]


class FirstCall:
    """Reads answers that may call one tool: what is called behind it is dropped."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._has_called = False

    def push(self, text: str) -> list[Part]:
        """Take more of the text; return what is certain now."""
        return self._first(self._reader.push(text))

    def finish(self) -> list[Part]:
        """Return what was held back."""
        return self._first(self._reader.finish())

    def _first(self, parts: list[Part]) -> list[Part]:
        found: list[Part] = []
        for part in parts:
            if not (isinstance(part, Called) and self._has_called):
                found.append(part)
            self._has_called |= isinstance(part, Called)
        return found


def reader_of(form: ToolFormat, tools: Sequence[Function], must_call: bool) -> Reader:
    """Return what reads the answers of a model that was offered these tools."""
    if not tools:
        return TextReader()
    reader = BareReader(tools) if form.name == "llama" else TaggedReader(tools)
    return CallsAlone(reader) if must_call else reader


def _call(value: object) -> Called | None:
    if not isinstance(value, dict) or not isinstance(value.get("name"), str):
        return None
    arguments = value.get("arguments", value.get("parameters", {}))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            return None
    return Called(value["name"], json.dumps(arguments, ensure_ascii=False)) if isinstance(arguments, dict) else None


def _typed(text: str, schema: Mapping[str, Any] | None) -> object:
    """The value that XML writes as text: a text where the schema says so or it is no JSON."""
    kind = schema.get("type") if isinstance(schema, Mapping) else None
    if kind == "string":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _beginning(text: str, mark: str) -> int:
    """Characters at the end that may begin a mark."""
    return next((length for length in range(len(mark) - 1, 0, -1) if text.endswith(mark[:length])), 0)
