"""What a long conversation costs: processor time a message, and memory over a session of a thousand messages.

The engine is the real one without a screen, the model an endpoint in another process that answers at once: to each
message with a call that reads a file, then with words. Processor time is counted, not wall time: it is what holds on
a loaded machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from repowright.agent.chat.events import Compaction, TurnEnd
from repowright.agent.chat.opening import open_chat
from repowright.agent.chat.options import ChatOptions
from repowright.agent.events import Event
from repowright.agent.settings import Settings
from repowright.benchmarks.speed.framework import resident_mb

MILLISECONDS_A_MESSAGE = 150.0
"""The bound of processor time that one message with one call of a tool is held to."""
GROWTH = 1.25
"""Most that memory may grow from a quarter of the messages to the last."""
WINDOW = 32_000
"""Tokens; small enough that the conversation is summarised several times."""

_WORDS = "The file holds a function that adds up what each item of a cart costs, and nothing else of interest. " * 3


@dataclass(frozen=True)
class Cost:
    """What a conversation cost."""

    messages: int
    compactions: int
    cpu_s: float
    wall_s: float
    ms_a_message: float
    ms_at_quarters: tuple[float, ...]
    mb_at_quarters: tuple[float, ...]
    """Resident memory when a quarter, half, three quarters and all of the messages were answered."""

    @property
    def growth(self) -> float:
        return self.mb_at_quarters[-1] / self.mb_at_quarters[0]


class Meter:
    """Counts turns and summaries; what went wrong ends the measurement."""

    def __init__(self) -> None:
        self.turns = 0
        self.compactions = 0

    def __call__(self, event: Event) -> None:
        if isinstance(event, TurnEnd):
            self.turns += 1
            if event.status != "done":
                raise SystemExit(f"turn {self.turns} ended with {event.status}")
        elif isinstance(event, Compaction):
            self.compactions += 1


async def measure(messages: int, folder: Path, window: int = WINDOW) -> Cost:
    """Say so many messages in a project below ``folder`` and return what that cost."""
    project = _project(folder / "project")
    meter, memory, shares = Meter(), list[float](), list[float]()
    with model() as url:
        settings = Settings(model="scripted", base_url=url, sandbox="local", unsafe_local=True)
        options = ChatOptions(mode="auto-edit", window=window, watch_s=0)
        engine = await open_chat(project, settings, folder / "runs", options, {})
        engine.subscribe(meter)
        await engine.start()
        cpu, wall, quarter = time.process_time(), time.monotonic(), time.process_time()
        for number in range(1, messages + 1):
            await engine.send(f"What does file{number % 7}.py hold? This is question {number}.")
            await engine.settled()
            if number * 4 // messages > len(memory):
                memory.append(resident_mb())
                shares.append(1e3 * (time.process_time() - quarter) * 4 / messages)
                quarter = time.process_time()
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        await engine.close()
    if meter.turns != messages:
        raise SystemExit(f"{meter.turns} of {messages} messages were answered")
    return Cost(messages, meter.compactions, cpu, wall, 1e3 * cpu / messages, tuple(shares), tuple(memory))


@contextmanager
def model() -> Iterator[str]:
    """Serve the scripted model from a process of its own and yield its base URL."""
    argv = [sys.executable, "-m", "repowright.benchmarks.speed.chat_memory", "--serve"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def _project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number in range(7):
        body = "".join(f"    total += items[{line}]  # item {line} of the cart\n" for line in range(20))
        text = f"def total{number}(items):\n    total = 0\n{body}    return total\n"
        (folder / f"file{number}.py").write_text(text, encoding="utf-8")
    return folder


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        head = {"id": "scripted", "created": 0, "model": body["model"], "object": "chat.completion.chunk"}
        delta = {"role": "assistant", **_answer(body)}
        ends = "tool_calls" if "tool_calls" in delta else "stop"
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": ends}]},
            {"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}},
        ]
        lines = [json.dumps({**head, **chunk}) for chunk in chunks]
        data = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _answer(body: dict[str, Any]) -> dict[str, Any]:
    last = body["messages"][-1]
    if last["role"] == "tool" or not body.get("tools"):
        return {"content": _WORDS}
    number = len(body["messages"]) % 7
    function = {"name": "read", "arguments": json.dumps({"path": f"file{number}.py"})}
    return {"content": None, "tool_calls": [{"index": 0, "id": "call_0", "type": "function", "function": function}]}


def _serve() -> None:
    """Answer until standard input ends."""
    import threading

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    sys.stdin.read()
    server.shutdown()


def main() -> None:
    """Print the cost; exit 1 where it is over its bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--window", type=int, default=WINDOW, help="tokens that the model can read at once")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        return _serve()
    with tempfile.TemporaryDirectory() as folder:
        cost = asyncio.run(measure(chosen.messages, Path(folder), chosen.window))
    if chosen.json:
        print(json.dumps(asdict(cost)))
    else:
        memory = ", ".join(f"{one:.0f}" for one in cost.mb_at_quarters)
        shares = ", ".join(f"{one:.0f}" for one in cost.ms_at_quarters)
        print(f"{cost.messages} messages, {cost.compactions} summaries, {cost.wall_s:.0f} s wall")
        print(f"processor   {cost.ms_a_message:.1f} ms a message (bound {MILLISECONDS_A_MESSAGE:.0f})")
        print(f"            {shares} ms a message in each quarter")
        print(f"memory      {memory} MB at each quarter of the messages, growth {cost.growth:.2f} (bound {GROWTH})")
    raise SystemExit(0 if cost.ms_a_message <= MILLISECONDS_A_MESSAGE and cost.growth <= GROWTH else 1)


if __name__ == "__main__":
    main()
