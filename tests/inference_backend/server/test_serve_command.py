from __future__ import annotations

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from local_servers import MODELS, Running, tiny_folder
from small_model import needs_small_model

from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.server.opening import ServeSettings, open_served

_COMMAND = (
    "import sys\n"
    "from repowright.tui.cli import cli\n"
    "from repowright.tui.commands.serve import serve\n"
    "cli.add_command(serve)\n"
    "cli.main(sys.argv[1:])\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_folder(tmp_path_factory.mktemp("model") / "tiny")


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", _COMMAND, "serve", *arguments]


@contextmanager
def _serving(arguments: list[str], port: str = "0", **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command as a process of its own, and the address it tells."""
    command = _command("--port", port, "--device", "cpu", *arguments)
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    assert process.stdout is not None
    try:
        ready, _, _ = select.select([process.stdout], [], [], 200)
        line = process.stdout.readline() if ready else ""
        assert line.startswith("serving "), process.communicate(timeout=5)
        yield process, line.split()[-1]
    finally:
        process.kill()
        process.communicate(timeout=30)


def _asked(**changed: object) -> dict[str, object]:
    return {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "temperature": 0, **changed}


def _ask(address: str, **changed: object) -> httpx2.Response:
    return httpx2.post(f"{address}/chat/completions", json=_asked(max_tokens=8, **changed), timeout=60)


def test_killed_server_starts_again_on_its_port_and_ends_well_when_told_to(folder: Path) -> None:
    with _serving(["--model", str(folder)]) as (process, address):
        first = _ask(address).json()["choices"]
        process.send_signal(signal.SIGKILL)
        assert process.wait(30) == -signal.SIGKILL
    port = address.rpartition(":")[2].partition("/")[0]
    with _serving(["--model", str(folder)], port) as (process, again):
        assert again == address
        assert _ask(again).json()["choices"] == first
        asked = _asked(max_tokens=400, ignore_eos=True, stream=True, stream_options={"include_usage": True})
        with httpx2.stream("POST", f"{again}/chat/completions", json=asked, timeout=60) as answer:
            lines = answer.iter_lines()
            next(lines)
            process.terminate()
            told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]
        assert told[-1]["usage"]["completion_tokens"] == 400
        assert process.wait(30) == 0
        assert process.stderr is not None and "Traceback" not in process.stderr.read()


def test_without_a_model_the_small_one_is_served_and_said_to_be_for_trying() -> None:
    needs_small_model()
    with _serving([], XDG_CACHE_HOME=str(MODELS.parents[1]), REPOWRIGHT_SERVE_KEY="geheim") as (process, address):
        assert _ask(address).status_code == 401
        headers = {"authorization": "Bearer geheim"}
        assert httpx2.get(f"{address}/models", headers=headers).json()["data"][0]["id"] == "smollm2"
        process.terminate()
        assert process.wait(30) == 0 and process.stderr is not None
        told = [line for line in process.stderr.read().splitlines() if line.startswith("repowright: ")]
    assert len(told) == 2 and told[1].startswith("repowright: the model smollm2 is for trying the engine")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
def test_curl_gets_whole_answers_and_streams(tiny: Running) -> None:
    def curl(**changed: object) -> str:
        body = json.dumps(_asked(max_tokens=8, **changed))
        command = ["curl", "-sN", f"{tiny.url}/chat/completions", "-H", "content-type: application/json", "-d", body]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout

    whole = json.loads(curl())["choices"][0]["message"]["content"]
    events = [line for line in curl(stream=True).split("\n\n") if line]
    assert events[-1] == "data: [DONE]"
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-1]]
    assert "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks) == whole


def test_langchain_talks_to_the_server(tiny: Running) -> None:
    langchain = pytest.importorskip("langchain_openai", reason="needs the package langchain-openai")
    chat = langchain.ChatOpenAI(model="tiny", base_url=tiny.url, api_key="none", temperature=0, max_tokens=8)
    whole = _ask(tiny.url).json()["choices"][0]["message"]["content"]
    assert chat.invoke("hello").content == whole
    assert "".join(str(chunk.content) for chunk in chat.stream("hello")) == whole


def test_busy_port_and_absent_model_are_said_in_one_line(folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = str(busy.getsockname()[1])
        done = subprocess.run(_command("--port", port), capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr and done.stderr.count("\n") == 1
    absent = ["--port", "0", "--model", str(tmp_path / "absent")]
    done = subprocess.run(_command(*absent), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and "there is no model" in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (ServeSettings("absent", sparse="quest", budget=10), "less than a page"),
        (ServeSettings("absent", kv="int3"), "no cache setting int3"),
    ],
)
def test_settings_that_cannot_be_used_are_refused_before_a_model_is_loaded(settings: ServeSettings, told: str) -> None:
    with pytest.raises(InferenceError, match=told):
        open_served(settings, lambda line: None)


@pytest.mark.parametrize("missing", ["torch", "xgrammar", "uvicorn"])
def test_without_the_extra_one_line_says_what_to_install(missing: str) -> None:
    hidden = (
        "import importlib.util as util\n"
        "found = util.find_spec\n"
        f"util.find_spec = lambda name, *more: None if name == {missing!r} else found(name, *more)\n"
    )
    command = [sys.executable, "-c", hidden + _COMMAND, "serve", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and done.stderr.count("\n") == 1
    assert f"{missing} is not installed" in done.stderr and "pip install 'repowright[local]'" in done.stderr
