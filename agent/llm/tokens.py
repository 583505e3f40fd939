"""Estimates of token counts, for endpoints that do not count and calls that are not made yet."""

from __future__ import annotations

from repowright.agent.llm.types import Reply, Request, Usage

USUAL_BYTES = 4
"""Bytes of UTF-8 a token holds in English text, on average."""

DENSE_BYTES = 3
"""Bytes a token holds in dense code: what is reserved before a call leans to the high side."""


def estimate(text: str, bytes_per_token: int = USUAL_BYTES) -> int:
    """Tokens of a text, rounded up."""
    return -(-len(text.encode("utf-8", "replace")) // bytes_per_token)


def estimate_prompt(request: Request, bytes_per_token: int = USUAL_BYTES) -> int:
    """Tokens of everything a request sends: messages, schema and tools."""
    return estimate(request.canonical(""), bytes_per_token)


def estimate_usage(request: Request, reply: Reply) -> Usage:
    """Usage of a call whose endpoint did not count."""
    said = reply.text + "".join(call.name + call.arguments for call in reply.tool_calls)
    return Usage(prompt_tokens=estimate_prompt(request), completion_tokens=max(1, estimate(said)))
