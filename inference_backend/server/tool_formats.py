"""How families of models write calls of tools, as grammars, and as text for models that were never told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repowright.inference_backend.schema_checks import SchemaUnusable, ToolUnusable, checked_schema
from repowright.inference_backend.server.chat_schemas import Function

Schema = Mapping[str, Any]

_NO_PARAMETERS: Schema = {"type": "object", "properties": {}, "additionalProperties": False}

_RULES = """You can call tools. To call one, write nothing but

<tool_call>
{"name": "the tool's name", "arguments": {"argument": "value"}}
</tool_call>

once for each call. The result comes as <tool_response>. The tools are:
"""


@dataclass(frozen=True)
class ToolFormat:
    """The way a model writes calls.

    Parameters
    ----------
    name
        ``hermes`` writes JSON between ``<tool_call>`` marks (Hermes, Qwen), ``llama`` bare JSON with ``parameters``
        (Llama 3), ``coder`` XML (Qwen3-Coder).
    """

    name: Literal["hermes", "llama", "coder"]

    @property
    def trigger(self) -> str:
        """What a call begins with."""
        return '{"name": "' if self.name == "llama" else "<tool_call>"

    def form(self, tools: Sequence[Function], must_call: bool, several: bool) -> dict[str, Any]:
        """Return the structural tag of xgrammar for answers that call these tools.

        Parameters
        ----------
        must_call
            Nothing but calls may come; otherwise calls within text are held to the tools' parameters.

        Raises
        ------
        ToolUnusable
            If a tool's parameters are no schema of an object.
        """
        tags = [self._tag(tool) for tool in tools]
        rules: dict[str, Any] = {"tags": tags, "at_least_one": must_call, "stop_after_first": not several}
        if must_call:
            separator = "; " if self.name == "llama" else "\n"
            return {"type": "tags_with_separator", "separator": separator, **rules}
        return {"type": "triggered_tags", "triggers": [self.trigger], **rules}

    def _tag(self, tool: Function) -> dict[str, Any]:
        content = {"type": "json_schema", "json_schema": parameters_of(tool), "max_whitespace_cnt": 1}
        if self.name == "coder":
            content["style"] = "qwen_xml"
            return _tagged(f"<tool_call>\n<function={tool.name}>\n", content, "\n</function>\n</tool_call>")
        name = json.dumps(tool.name)
        if self.name == "llama":
            return _tagged(f'{{"name": {name}, "parameters": ', content, "}")
        return _tagged(f'<tool_call>\n{{"name": {name}, "arguments": ', content, "}\n</tool_call>")


HERMES = ToolFormat("hermes")


def format_of(template: str) -> ToolFormat:
    """Return the way a model writes calls, by its chat template."""
    if "<function=" in template:
        return ToolFormat("coder")
    if "<tool_call>" not in template and ("<|python_tag|>" in template or '"parameters": ' in template):
        return ToolFormat("llama")
    return HERMES


def parameters_of(tool: Function) -> Schema:
    """Return the schema of a tool's arguments.

    Raises
    ------
    ToolUnusable
        If it is none, or not one of an object.
    """
    if tool.parameters is None:
        return _NO_PARAMETERS
    try:
        checked_schema(tool.parameters, bool(tool.strict))
    except SchemaUnusable as err:
        raise ToolUnusable(f"of the tool {tool.name} {err.message}", err.hint) from err
    if tool.parameters.get("type", "object") != "object":
        raise ToolUnusable(f"the parameters of the tool {tool.name} are not an object's", "give them as properties")
    return {"type": "object", **tool.parameters}


def told(tools: Sequence[Function]) -> str:
    """Return the tools and how to call them, for models whose template does not say so."""
    return _RULES + "\n".join(json.dumps(described(tool)["function"], ensure_ascii=False) for tool in tools)


def described(tool: Function) -> dict[str, Any]:
    """Return a tool as chat templates expect it."""
    function = {"name": tool.name, "description": tool.description or "", "parameters": dict(parameters_of(tool))}
    return {"type": "function", "function": function}


def call_text(name: str, arguments: str) -> str:
    """Return a call as `told` asks for it."""
    return f'<tool_call>\n{{"name": {json.dumps(name)}, "arguments": {arguments}}}\n</tool_call>'


def _tagged(begin: str, content: dict[str, Any], end: str) -> dict[str, Any]:
    return {"type": "tag", "begin": begin, "content": content, "end": end}
