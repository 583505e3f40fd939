from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from repowright.agent.errors import NoModel
from repowright.agent.llm.endpoint import Timeouts
from repowright.agent.llm.local import ENGINE_VARIABLE, local_endpoint
from repowright.agent.llm.types import Message, Request
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.llama_engine.opening import find_file
from repowright.inference_backend.server.opening import ENGINES, ServeSettings, open_served
from repowright.tui.commands.serve import serve

_COMMAND = "import sys; from repowright.tui.cli import main; sys.argv = ['repowright', *sys.argv[1:]]; main()"
_HIDDEN = (
    "import importlib.util as util\n"
    "found = util.find_spec\n"
    "util.find_spec = lambda name, *more: None if name == 'llama_cpp' else found(name, *more)\n"
)


def _run(*arguments: str, code: str = _COMMAND) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--engine", "llama.cpp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100)


def test_without_the_package_one_line_says_what_to_install() -> None:
    done = _run(code=_HIDDEN + _COMMAND)
    assert (done.returncode, done.stdout) == (3, "") and done.stderr.count("\n") == 1
    assert "llama-cpp-python is not installed" in done.stderr and "pip install 'repowright[local,llama]'" in done.stderr


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (ServeSettings(engine="llama.cpp", kv="int4"), "half precision, not as int4"),
        (ServeSettings(engine="llama.cpp", sparse="quest"), "no quest"),
        (ServeSettings(engine="llama.cpp", device="cuda"), "not on cuda"),
    ],
)
def test_settings_that_are_not_llama_cpps_are_refused(settings: ServeSettings, told: str) -> None:
    with pytest.raises(InferenceError, match=told):
        open_served(settings, lambda line: None)


def test_command_serves_with_llama_cpp_and_ends_well_when_told_to(llama_cpp: Any) -> None:
    command = [sys.executable, "-c", _COMMAND, "serve", "--port", "0", "--engine", "llama.cpp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("serving smollm2 on http://127.0.0.1:")
            asked = {"model": "smollm2", "prompt": "The capital of France is", "max_tokens": 3, "temperature": 0}
            answer = httpx2.post(f"{line.split()[-1]}/completions", json=asked, timeout=60).json()
        finally:
            process.terminate()
        told = process.stderr.read().splitlines()
        assert process.wait(30) == 0
    assert answer["choices"][0]["text"].startswith(" Paris")
    assert len(told) == 2 and all(each.startswith("repowright: ") for each in told)


def test_model_that_is_no_gguf_file_is_refused_in_one_line(llama_cpp: Any, tmp_path: Path) -> None:
    for name, told in ((str(tmp_path), "reads GGUF files"), (str(tmp_path / "absent.gguf"), "there is no file")):
        with pytest.raises(InferenceError, match=told) as caught:
            open_served(ServeSettings(name, engine="llama.cpp"), lambda line: None)
        assert "\n" not in str(caught.value)


def test_command_offers_the_engines_there_are() -> None:
    option = next(each for each in serve.params if each.name == "engine")
    offered: Any = option.type
    assert tuple(offered.choices) == ENGINES and option.default == "own"


async def test_model_in_the_process_asks_the_engine_that_the_environment_names(
    llama_cpp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "fast")
    with pytest.raises(NoModel, match="names no engine: fast"):
        await local_endpoint("local:smollm2", Timeouts(), lambda line: None)
    monkeypatch.setenv(ENGINE_VARIABLE, "llama.cpp")
    with pytest.raises(NoModel, match=r"llama\.cpp reads GGUF files"):
        await local_endpoint("local:owner/name", Timeouts(), lambda line: None)


async def test_model_in_the_process_answers_through_llama_cpp(llama_cpp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENGINE_VARIABLE, "llama.cpp")
    name = str(find_file("smollm2"))
    told: list[str] = []
    endpoint = await local_endpoint(f"local:{name}", Timeouts(), told.append)
    request = Request("test.local", "0", (Message(role="user", content="What is 1 + 1?"),), max_tokens=8)
    reply = await endpoint.complete(request, f"local:{name}")
    await endpoint.close()
    assert reply.text and reply.usage.completion_tokens and len(told) == 1
