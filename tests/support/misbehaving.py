"""Endpoints on the loopback that do what no endpoint should."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    behave: Behaviour

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).behave(self)

    def send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def complete(self, text: str, refusal: str | None = None) -> None:
        message = {"role": "assistant", "content": text, "refusal": refusal}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10}
        body = {"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}
        self.send(200, json.dumps(body).encode())


def wrong_key(handler: Handler) -> None:
    handler.send(401, b'{"error": {"message": "Incorrect API key provided"}}')


def garbage(handler: Handler) -> None:
    handler.complete("lorem ipsum }{ dolor")


def web_page(handler: Handler) -> None:
    handler.send(200, b"<html><body>It works!</body></html>", "text/html")


def refusing(handler: Handler) -> None:
    handler.complete("", refusal="I cannot help with that.")


def slow(handler: Handler) -> None:
    time.sleep(4)
    handler.close_connection = True


@contextmanager
def misbehaving(behaviour: Behaviour) -> Iterator[str]:
    handler = type("Bound", (Handler,), {"behave": staticmethod(behaviour)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
