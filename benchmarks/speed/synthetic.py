"""A real OpenAI-compatible endpoint on the loopback whose model plans and writes arithmetic, of any size.

It answers at once and by rule from the request alone, so that what a run takes beside it is the framework's
own time. It is no stand-in for a model: what it writes is correct by construction.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Mistakes = Callable[[str, str], str | None]
"""Given the system and user message, the text of a wrong answer (or of one that mends it); ``None`` for none."""

UNITS_PER_FILE = 4
FILES_PER_AREA = 10
_FEATURE = re.compile(r"^\s*- (F\d+): add number (\d+) to a value", re.MULTILINE)


def specification(units: int) -> str:
    """Return the specification of a library of so many functions."""
    return f"# Adders\n\nA library of {units} functions; number N adds N to an integer. Count: {units}.\n"


def answer(body: dict[str, Any], mistakes: Mistakes | None = None) -> str:
    """Return the model's text for a chat completion request."""
    system, user = (str(message["content"]) for message in body["messages"][:2])
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("name", "")
    wrong = mistakes(system, user) if mistakes else None
    if wrong is not None:
        return wrong
    if schema:
        return json.dumps(_ANSWERS[schema](user))
    if "README" in system:
        return "# adders\n\nFunctions that add.\n"
    return f"```python\n{_module(system, user)}```\n"


def _proposal(user: str) -> dict[str, Any]:
    count = int(_found(r"Count: (\d+)", user))
    features = [
        {"phrase": f"add number {one} to a value", "detail": f"The result is the value plus {one}."}
        for one in range(count)
    ]
    return {
        "name": "adders",
        "package": "adders",
        "purpose": "Add numbers.",
        "command_line": False,
        "features": features,
    }


def _areas(user: str) -> dict[str, Any]:
    by_area: dict[int, list[str]] = {}
    for short, number in _features(user):
        by_area.setdefault(number // (UNITS_PER_FILE * FILES_PER_AREA), []).append(short)
    areas = [
        {
            "name": f"Area {one}",
            "purpose": f"Adds, part {one}.",
            "categories": [{"name": f"Part {one}", "features": names}],
        }
        for one, names in sorted(by_area.items())
    ]
    return {"areas": areas}


def _structure(user: str) -> dict[str, Any]:
    by_file: dict[int, list[str]] = {}
    for short, number in _features(user):
        by_file.setdefault(number // UNITS_PER_FILE, []).append(short)
    files = []
    for one, names in sorted(by_file.items()):
        first = one % FILES_PER_AREA == 0
        files.append(
            {
                "path": _path(one),
                "area": f"Area {one // FILES_PER_AREA}",
                "purpose": f"Adders, file {one}.",
                "features": names,
                "depends_on": [] if first else [_path(one - 1)],
            }
        )
    return {"files": files, "entry_point": None}


def _interface(user: str) -> dict[str, Any]:
    units = []
    for short, number in sorted(_features(user), key=lambda pair: pair[1]):
        below = number - UNITS_PER_FILE
        first = number // UNITS_PER_FILE % FILES_PER_AREA == 0
        uses = [] if first else [f"{_path(below // UNITS_PER_FILE)}:add_{below}"]
        imported = "" if first else f"from adders.file_{below // UNITS_PER_FILE} import add_{below}\n\n\n"
        skeleton = f'{imported}def add_{number}(value: int) -> int:\n    """Return value plus {number}."""\n    ...\n'
        units.append(
            {"name": f"add_{number}", "kind": "function", "skeleton": skeleton, "features": [short], "uses": uses}
        )
    return {"units": units}


def _base_types(user: str) -> dict[str, Any]:
    code = '"""Errors."""\n\n\nclass AdderError(Exception):\n    """Nothing can be added."""\n'
    return {"files": [{"path": "src/adders/errors.py", "area": "Area 0", "purpose": "Errors.", "code": code}]}


_ANSWERS: dict[str, Callable[[str], dict[str, Any]]] = {
    "Proposal": _proposal,
    "Check": lambda user: {"rejected": []},
    "Missing": lambda user: {"missing": []},
    "Areas": _areas,
    "Structure": _structure,
    "Flows": lambda user: {"flows": []},
    "BaseTypes": _base_types,
    "Interface": _interface,
}


def _module(system: str, user: str) -> str:
    number = int(_found(r"def add_(\d+)", user))
    name = f"add_{number}"
    imported = f"from adders.file_{number // UNITS_PER_FILE} import {name}\n\n\n"
    if "integration tests" in system:
        return f"{imported}def test_twice() -> None:\n    assert {name}({name}(1)) == {1 + 2 * number}\n"
    if "write the unit tests" in system:
        return f"{imported}def test_adds() -> None:\n    assert {name}(1) == {1 + number}\n"
    skeleton = _found(r"# The unit\n.*?```python\n(.*?)```", user)
    below = re.search(r"import (add_\d+)", skeleton)
    body = f"return {below[1]}(value) + {UNITS_PER_FILE}" if below else f"return value + {number}"
    return skeleton.rstrip().removesuffix("...") + body + "\n"


def _features(user: str) -> list[tuple[str, int]]:
    return [(short, int(number)) for short, number in _FEATURE.findall(user)]


def _path(file: int) -> str:
    return f"src/adders/file_{file}.py"


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text, re.DOTALL)
    if match is None:
        raise ValueError(f"the request has no {pattern!r}")
    return match[1]


def main() -> None:
    """Serve until standard input closes; the base URL is the first line of standard output."""
    with endpoint() as url:
        print(url, flush=True)
        sys.stdin.read()


@contextmanager
def endpoint(mistakes: Mistakes | None = None) -> Iterator[str]:
    """Serve the model on a free port of the loopback and yield its base URL."""
    handler = type("Handler", (_Handler,), {"mistakes": staticmethod(mistakes) if mistakes else None})
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
    mistakes: Mistakes | None = None

    def log_message(self, *_: object) -> None:
        """Stay quiet."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        text = answer(body, self.mistakes)
        usage = {"prompt_tokens": len(str(body)) // 4, "completion_tokens": len(text) // 4, "total_tokens": 0}
        head = {"id": "synthetic", "created": 0, "model": body["model"]}
        if body.get("stream"):
            delta = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}
            last = {"index": 0, "delta": {}, "finish_reason": "stop"}
            chunks: list[dict[str, Any]] = [{"choices": [delta]}, {"choices": [last]}, {"choices": [], "usage": usage}]
            lines = [json.dumps({**head, "object": "chat.completion.chunk", **chunk}) for chunk in chunks]
            self._send("text/event-stream", "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]).encode())
            return
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        done = {**head, "object": "chat.completion", "choices": [choice], "usage": usage}
        self._send("application/json", json.dumps(done).encode())

    def _send(self, kind: str, data: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    main()
