"""A request as the body of a Chat Completions call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from repowright.agent.llm.dialect import Dialect
from repowright.agent.llm.types import Message, Request, ToolSpec

Body = dict[str, Any]


def body_of(request: Request, model: str, dialect: Dialect) -> Body:
    """The call's JSON body in the words the endpoint understands."""
    body: Body = {
        "model": model,
        "messages": _messages(request, dialect),
        dialect.limit_name: request.max_tokens,
    }
    if dialect.temperature:
        body["temperature"] = request.temperature
    if request.schema is not None and dialect.answer_format != "text":
        body["response_format"] = _response_format(request, request.schema, dialect)
    if request.tools and dialect.native_tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    if dialect.stream:
        body["stream"] = True
        if dialect.stream_usage:
            body["stream_options"] = {"include_usage": True}
    return body


def _response_format(request: Request, schema: Mapping[str, Any], dialect: Dialect) -> Body:
    if dialect.answer_format == "json_object":
        return {"type": "json_object"}
    name = request.schema_name or "answer"
    return {"type": "json_schema", "json_schema": {"name": name, "schema": dict(schema), "strict": True}}


def _tool(tool: ToolSpec) -> Body:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _messages(request: Request, dialect: Dialect) -> list[Body]:
    written = [_message(message, dialect) for message in request.messages]
    rules = _spelt_out(request, dialect)
    if not rules:
        return written
    # Rules stand in the first message of the user: not every chat template accepts a system message.
    for message in written:
        if message["role"] == "user":
            message["content"] = f"{message['content']}\n\n{rules}"
            return written
    return [*written, {"role": "user", "content": rules}]


def _message(message: Message, dialect: Dialect) -> Body:
    if message.role == "tool" and not dialect.native_tools:
        return {"role": "user", "content": f"Result of {message.tool_call_id}:\n{message.content}"}
    body: Body = {"role": message.role, "content": message.content}
    if message.role == "tool":
        body["tool_call_id"] = message.tool_call_id
    if message.tool_calls and not dialect.native_tools:
        body["content"] = f"{message.content}\n{_calls_as_text(message)}".strip()
    elif message.tool_calls:
        body["content"] = message.content or None
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return body


def _calls_as_text(message: Message) -> str:
    calls = ", ".join(
        f'{{"name": {json.dumps(call.name)}, "arguments": {call.arguments}}}' for call in message.tool_calls
    )
    return f"```json\n[{calls}]\n```"


def _spelt_out(request: Request, dialect: Dialect) -> str:
    rules = []
    if request.schema is not None and dialect.answer_format != "json_schema":
        schema = json.dumps(request.schema, sort_keys=True, ensure_ascii=False)
        rules.append(f"Answer with one JSON object alone. It satisfies this JSON Schema:\n{schema}")
    if request.tools and not dialect.native_tools:
        tools = [_tool(tool)["function"] for tool in request.tools]
        rules.append(
            "Call tools by answering with a JSON list alone, in a ```json block, such as "
            '[{"name": "the tool", "arguments": {}}]. The tools are:\n'
            + json.dumps(tools, sort_keys=True, ensure_ascii=False)
        )
    return "\n\n".join(rules)
