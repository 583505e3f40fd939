from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from repowright.agent.events import Event, EventBus
from repowright.agent.llm import Backoff, Budget, Endpoint, Gateway, Ledger, Prices, Record, Replay, Timeouts
from repowright.agent.llm.types import Message, Request

KEY = "sk-test-0123456789abcdef"
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "prompt_tokens_details": {"cached_tokens": 3}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Script

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.script.next(body, headers, self.path)
        try:
            step(self, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.script.done()

    def send(self, status: int, content: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def start_stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, text: str) -> None:
        data = f"data: {text}\n\n".encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def end_stream(self) -> None:
        self.chunk("[DONE]")
        self.wfile.write(b"0\r\n\r\n")


Step = Callable[[Handler, dict[str, Any]], None]


@dataclass
class Asked:
    body: dict[str, Any]
    headers: dict[str, str]
    path: str


@dataclass
class Script:
    """What a real loopback server does, a step for each request; the last step repeats."""

    url: str = ""
    steps: list[Step] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def then(self, *steps: Step) -> None:
        self.steps.extend(steps)

    def next(self, body: dict[str, Any], headers: dict[str, str], path: str) -> Step:
        with self.lock:
            self.asked.append(Asked(body, headers, path))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            return self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]

    def done(self) -> None:
        with self.lock:
            self.at_once -= 1

    @staticmethod
    def text(
        text: str,
        finish: str = "stop",
        usage: Mapping[str, Any] | None = USAGE,
        refusal: str | None = None,
        pause_s: float = 0.0,
    ) -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            time.sleep(pause_s)
            message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": refusal}
            _answer(handler, body, message, finish, usage)

        return step

    @staticmethod
    def tools(*calls: tuple[str, Mapping[str, Any] | str]) -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            written = [
                {
                    "index": number,
                    "id": f"id{number}",
                    "type": "function",
                    "function": {
                        "name": name,
                        "arguments": given if isinstance(given, str) else json.dumps(given),
                    },
                }
                for number, (name, given) in enumerate(calls)
            ]
            message = {"role": "assistant", "content": None, "tool_calls": written}
            _answer(handler, body, message, "tool_calls", USAGE)

        return step

    @staticmethod
    def status(status: int, message: str, param: str = "", headers: Mapping[str, str] | None = None) -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            error = json.dumps({"error": {"message": message, "param": param or None}}).encode()
            handler.send(status, error, "application/json", headers)

        return step

    @staticmethod
    def raw(content: bytes, kind: str, status: int = 200) -> Step:
        return lambda handler, body: handler.send(status, content, kind)

    @staticmethod
    def cut() -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            handler.start_stream()
            handler.chunk(json.dumps({"choices": [{"index": 0, "delta": {"content": "half an ans"}}]}))
            handler.close_connection = True

        return step

    @staticmethod
    def silent(after_chunk: bool, seconds: float) -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            if after_chunk:
                handler.start_stream()
                handler.chunk(json.dumps({"choices": [{"index": 0, "delta": {"content": "a"}}]}))
            time.sleep(seconds)
            handler.close_connection = True

        return step

    @staticmethod
    def chunks(*chunks: str) -> Step:
        def step(handler: Handler, body: dict[str, Any]) -> None:
            handler.start_stream()
            for chunk in chunks:
                handler.chunk(chunk)
            handler.end_stream()

        return step


def _answer(
    handler: Handler,
    body: dict[str, Any],
    message: dict[str, Any],
    finish: str,
    usage: Mapping[str, Any] | None,
) -> None:
    if not body.get("stream"):
        whole = {"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage}
        handler.send(200, json.dumps(whole).encode(), "application/json")
        return
    handler.start_stream()
    content = message.pop("content", None) or ""
    handler.chunk(json.dumps({"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}))
    for start in range(0, len(content), 7):
        handler.chunk(json.dumps({"choices": [{"index": 0, "delta": {"content": content[start : start + 7]}}]}))
    for call in message.pop("tool_calls", None) or []:
        arguments = call["function"].pop("arguments")
        handler.chunk(json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}))
        for start in range(0, len(arguments), 5):
            part = {"index": call["index"], "function": {"arguments": arguments[start : start + 5]}}
            handler.chunk(json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [part]}}]}))
    handler.chunk(json.dumps({"choices": [{"index": 0, "delta": message, "finish_reason": finish}]}))
    if usage is not None and body.get("stream_options"):
        handler.chunk(json.dumps({"choices": [], "usage": usage}))
    handler.end_stream()


@pytest.fixture
def script() -> Iterator[Script]:
    script = Script()
    handler = type("Scripted", (Handler,), {"script": script})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass
class Waits:
    """Stands for the clock between tries: notes each wait and does not wait."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def waits() -> Waits:
    return Waits()


Make = Callable[..., Endpoint]


@pytest.fixture
async def connect(script: Script, waits: Waits) -> AsyncIterator[Make]:
    made: list[Endpoint] = []

    def make(url: str = "", *, idle_s: float = 5.0, total_s: float = 10.0, tries: int = 3) -> Endpoint:
        endpoint = Endpoint(
            url or script.url,
            KEY,
            timeouts=Timeouts(connect_s=2.0, idle_s=idle_s, total_s=total_s),
            backoff=Backoff(tries=tries, chance=lambda: 0.5),
            allow_loopback=True,
            sleep=waits,
        )
        made.append(endpoint)
        return endpoint

    yield make
    for endpoint in made:
        await endpoint.close()


@dataclass
class Desk:
    """A gateway with everything it stands on."""

    gateway: Gateway
    record: Record
    ledger: Ledger
    events: list[Event]

    def kinds(self) -> list[str]:
        return [event.type for event in self.events]


Seat = Callable[..., Desk]


@pytest.fixture
def seat(connect: Make, tmp_path: Path) -> Seat:
    def make(
        folder: str = "run",
        *,
        budget: Budget | None = None,
        model: str = "gpt-4o-mini",
        replay: Replay | None = None,
        endpoint: Endpoint | None = None,
        offline: bool = False,
        concurrency: int = 4,
    ) -> Desk:
        bus = EventBus("r1", lambda: 0.0)
        events: list[Event] = []
        bus.subscribe(events.append)
        record = Record(tmp_path / folder)
        ledger = Ledger(budget or Budget(), model, Prices(), bus)
        asked = None if offline else endpoint or connect()
        return Desk(Gateway(model, asked, record, replay, ledger, bus, concurrency), record, ledger, events)

    return make


@pytest.fixture
def request_for() -> Callable[..., Request]:
    def make(text: str = "hello", **fields: Any) -> Request:
        messages = (Message(role="system", content="be brief"), Message(role="user", content=text))
        plain = Request(task="t.one", prompt_hash="p", subject="s", max_tokens=100, messages=messages)
        return replace(plain, **fields)

    return make
