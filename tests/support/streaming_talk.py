"""A scripted endpoint that streams: words come one after the other, as from a model."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from talks import Talk


@dataclass
class Speech(Talk):
    """A talk whose text comes in words, ``pause`` seconds between two of them."""

    pause: float = 0.0

    def answer(self, body: dict[str, Any]) -> tuple[str | None, list[dict[str, Any]]]:
        """Return text, calls, or both: a call that has ``say`` alone is text before the others."""
        text, calls = super().answer(body)
        said = [call["say"] for call in calls if "say" in call]
        return (said[0] if said else text), [call for call in calls if "say" not in call]


@contextmanager
def streamed(speech: Speech) -> Iterator[str]:
    """Serve the speech on a free port of the loopback and yield its base URL."""
    handler = type("Handler", (_Handler,), {"speech": speech})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    speech: Speech

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text, calls = self.speech.answer(body)
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        try:
            for chunk in self._chunks(body, text, calls):
                self.wfile.write(f"data: {chunk}\n\n".encode())
                self.wfile.flush()
        except ConnectionError:
            self.close_connection = True

    def _chunks(self, body: dict[str, Any], text: str | None, calls: list[dict[str, Any]]) -> Iterator[str]:
        head = {"id": "scripted", "created": 0, "model": body["model"], "object": "chat.completion.chunk"}

        def chunk(**parts: Any) -> str:
            return json.dumps({**head, **parts})

        for word in text.split(" ") if text else []:
            yield chunk(choices=[{"index": 0, "delta": {"content": f"{word} "}, "finish_reason": None}])
            time.sleep(self.speech.pause)
        if calls:
            wanted = [_call(number, call) for number, call in enumerate(calls)]
            yield chunk(choices=[{"index": 0, "delta": {"tool_calls": wanted}, "finish_reason": None}])
        yield chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "tool_calls" if calls else "stop"}])
        prompt = len(json.dumps(body)) // 4
        yield chunk(choices=[], usage={"prompt_tokens": prompt, "completion_tokens": 40, "total_tokens": prompt + 40})
        yield "[DONE]"


def _call(number: int, call: dict[str, Any]) -> dict[str, Any]:
    function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
    return {"index": number, "id": f"call_{number}", "type": "function", "function": function}
