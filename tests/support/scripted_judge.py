"""An OpenAI-compatible endpoint on the loopback that evaluates by script: units, ballots and tests by task."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Part:
    """What is said of one task: the units, the ballots (the last one for all that follow), the tests in turn."""

    units: list[list[str]]
    ballots: list[bool] = field(default_factory=lambda: [True])
    tests: list[str] = field(default_factory=list)


@dataclass
class Script:
    """Answers by the words of a task's query, which must stand in the request."""

    parts: dict[str, Part]
    requests: list[dict[str, Any]] = field(default_factory=list)
    wait: Callable[[int], None] = lambda count: None
    """Called with the number of requests so far before each answer."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _said: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the requests of a kind: ``locate``, ``vote`` or ``adapt``."""
        return [body for body in self.requests if kind_of(body) == kind]

    def answer(self, body: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
        """Return text and tool calls."""
        user = str(body["messages"][1]["content"])
        query = next(query for query in self.parts if f"# The capability\n\n{query}\n" in user)
        kind, part = kind_of(body), self.parts[query]
        with self._lock:
            self.requests.append(body)
            count, turn = len(self.requests), self._said.get((query, kind), 0)
            self._said[query, kind] = turn + 1
        self.wait(count)
        if kind == "locate":
            units = [{"entity": unit, "reason": "it does that"} for unit in _at(part.units, turn)]
            return None, [{"name": "answer", "arguments": {"units": units}}]
        if kind == "vote":
            return json.dumps({"reason": f"ballot on {query}", "implements": _at(part.ballots, turn)}), []
        return f"```python\n{_at(part.tests, turn)}```", []


def kind_of(body: dict[str, Any]) -> str:
    """Return which step a request belongs to."""
    if body.get("tools"):
        return "locate"
    return "vote" if body.get("response_format") else "adapt"


def _at(items: list[Any], turn: int) -> Any:
    return items[min(turn, len(items) - 1)]


@contextmanager
def served(script: Script) -> Iterator[str]:
    """Serve the script on a free port and yield its base URL."""
    handler = type("Handler", (_Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Script

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text, calls = self.script.answer(body)
        delta: dict[str, Any] = {"role": "assistant", "content": text}
        if calls:
            delta["tool_calls"] = [_call(number, call) for number, call in enumerate(calls)]
        usage = {"prompt_tokens": len(str(body)) // 4, "completion_tokens": 20, "total_tokens": 0}
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}]},
            {"choices": [], "usage": usage},
        ]
        head = {"id": "scripted", "created": 0, "model": body["model"], "object": "chat.completion.chunk"}
        lines = [json.dumps({**head, **chunk}) for chunk in chunks]
        data = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _call(number: int, call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
    return {"index": number, "id": f"call_{number}", "type": "function", "function": function}
