"""A model by script that translates: it writes the items it is asked for from a finished crate, or errs as told."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from repowright.repo_tools.python_items import read_source
from repowright.repo_tools.rust_source import ItemKind, read_items

_ITEM = re.compile(r"^- `(?P<path>[^`]+?\.(?:rs|py))::(?P<item>[^`]+)`$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """One request: which items are wanted, and how often they were asked for before."""

    items: Mapping[str, tuple[str, ...]]
    turn: int
    text: str
    body: dict[str, Any]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(item.rpartition("::")[2] for items in self.items.values() for item in items)


@dataclass(frozen=True)
class Said:
    """One answer and how it ended."""

    text: str
    finish: str = "stop"


Say = Callable[[Question, str], Said | str | None]
"""From a question and the right answer to what is said instead; ``None`` for the right answer."""


@dataclass
class Translator:
    """Answers from a finished crate.

    Parameters
    ----------
    solution
        Files of the crate.
    say
        Errs where it returns something.
    wait
        Called with the number of requests so far before each answer.
    """

    solution: Mapping[str, str]
    say: Say = lambda question, right: None
    wait: Callable[[int], None] = lambda count: None
    requests: list[dict[str, Any]] = field(default_factory=list)
    _turns: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, body: dict[str, Any]) -> Said:
        text = str(body["messages"][1]["content"])
        wanted = items_of(text)
        with self._lock:
            self.requests.append(body)
            count = len(self.requests)
            turn = self._turns[str(wanted)]
            self._turns[str(wanted)] += 1
        self.wait(count)
        right = right_answer(self.solution, wanted)
        said = self.say(Question(wanted, turn, text, body), right)
        return Said(right) if said is None else Said(said) if isinstance(said, str) else said

    def asked_twice(self) -> list[str]:
        """Return the conversations that were put to the endpoint more than once."""
        counted = Counter(str(body["messages"]) for body in self.requests)
        return [text for text, count in counted.items() if count > 1]


def items_of(text: str) -> dict[str, tuple[str, ...]]:
    """The items that a request lists last."""
    last = text.rpartition("\n# ")[2]
    found = [(each["path"], each["item"]) for each in _ITEM.finditer(last)]
    paths = dict.fromkeys(path for path, _ in found)
    return {path: tuple(item for each, item in found if each == path) for path in paths}


def right_answer(solution: Mapping[str, str], wanted: Mapping[str, tuple[str, ...]]) -> str:
    """The wanted items of a crate, with what is private beside them, each file under its header."""
    return "\n\n".join(_block(path, solution[path], items) for path, items in wanted.items())


def _block(path: str, text: str, items: tuple[str, ...]) -> str:
    language, code = ("python", _python) if path.endswith(".py") else ("rust", _code)
    return f"{path}\n```{language}\n{code(text, items)}\n```"


def _python(text: str, wanted: tuple[str, ...]) -> str:
    source = read_source(text)
    owners = {item.partition("::")[0] for item in wanted if "::" in item}
    shown = [each for each in source.items if each.path in (*wanted, *owners) or each.name.startswith("_")]
    return "\n\n".join(
        source.part(each) for each in shown if each.path.partition("::")[0] not in owners or each.path in owners
    )


def _code(text: str, wanted: tuple[str, ...]) -> str:
    source = read_items(text.encode())
    data = source.text.encode()
    blocks: dict[str, list[str]] = {}
    for item in source.items:
        owner = item.path.removesuffix(item.name).removesuffix("::")
        private = item.kind in (ItemKind.FUNCTION, ItemKind.CONST, ItemKind.USE) and not item.public
        if item.path in wanted or private:
            blocks.setdefault(owner, []).append(data[item.span.start : item.span.end].decode())
    parts = [
        f"impl {owner} {{\n{chr(10).join(texts)}\n}}" if owner else "\n".join(texts) for owner, texts in blocks.items()
    ]
    return "\n\n".join(parts)


@contextmanager
def translating(script: Translator) -> Iterator[str]:
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
    script: Translator

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        said = self.script.answer(body)
        usage = {"prompt_tokens": len(str(body["messages"])) // 4, "completion_tokens": len(said.text) // 4 + 1}
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": said.text}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": said.finish}]},
            {"choices": [], "usage": {**usage, "total_tokens": sum(usage.values())}},
        ]
        head = {"id": "scripted", "created": 0, "model": body["model"], "object": "chat.completion.chunk"}
        lines = [json.dumps({**head, **chunk}) for chunk in chunks]
        data = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
