"""The small model on this engine and on llama.cpp, one after the other on one core: processor time and memory.

``python -m repowright.benchmarks.inference.llama_cpp`` needs llama-cpp-python. Both read the same GGUF file; this
engine computes with its weights as float32, llama.cpp with them as they are. Each way runs in a process of its own.
With ``--served`` both are asked through `repowright serve` instead, as users ask them.
"""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

PROMPT, ANSWER, LONG = 512, 64, 8000
_CONTEXT = 8192
_TIMEOUT_S = 1800
OURS = {"this engine, fp16 cache": "fp16", "this engine, int4 cache": "int4"}
THEIRS = "llama.cpp, f16 cache"
SERVED = ("own", "llama.cpp")


@dataclass(frozen=True)
class Measured:
    """What one way needs.

    Parameters
    ----------
    prefill, decode
        Tokens a second of processor time: of a prompt of 512, and of the 64 behind it.
    long
        Tokens a second of a prompt of 8,000.
    loaded, peak
        Resident memory with the model loaded, and at most while the long prompt was taken in, MB.
    """

    way: str
    prefill: float
    decode: float
    long: float
    loaded: float
    peak: float


def main() -> None:
    """Measure every way, or one of them; print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=[*OURS, THEIRS], help="measure one, print it as JSON")
    parser.add_argument("--served", action="store_true", help="measure both engines behind the server")
    given = parser.parse_args()
    if given.served:
        print("| | prefill 512 | decode |\n| --- | --- | --- |")
        for engine in SERVED:
            print(f"| {engine} | " + " | ".join(f"{speed:.1f}" for speed in served(engine)) + " |", flush=True)
        return
    if given.way:
        for found in ours(given.way) if given.way in OURS else theirs():
            print(json.dumps(asdict(found)), flush=True)
        return
    print("\n".join(table([_in_a_process(way) for way in (*OURS, THEIRS)])))


def table(measured: Sequence[Measured]) -> list[str]:
    """Return the lines of a table; ratios are over the last way's."""
    last = measured[-1]
    lines = [
        "| | prefill 512 | decode | prefill 8,000 | memory, loaded | at 8,000 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for each in measured:
        speeds = ((each.prefill, last.prefill), (each.decode, last.decode), (each.long, last.long))
        cells = " | ".join(f"{speed:.1f} ({speed / of:.2f}x)" for speed, of in speeds)
        lines.append(f"| {each.way} | {cells} | {each.loaded:.0f} MB | {each.peak:.0f} MB |")
    return lines


def ours(way: str) -> Iterator[Measured]:
    """Measure this engine: yield what is known after the short prompt, then all."""
    import torch

    from repowright.inference_backend.config import PAGE, PRESETS
    from repowright.inference_backend.engine.opening import open_core
    from repowright.inference_backend.engine.request import Request, Sampling
    from repowright.inference_backend.engine.settings import EngineSettings
    from repowright.inference_backend.models.loader import SMALL, load_model

    torch.set_num_threads(1)
    loaded = load_model(SMALL, "cpu")
    text = _text(loaded.tokeniser)
    sizes = EngineSettings(pages=_CONTEXT // PAGE, running=1, pinned=0)
    core = open_core(loaded, PRESETS[OURS[way]], sizes)

    def seconds(name: str, prompt: list[int], answer: int) -> tuple[float, float]:
        """Processor time up to the first token, and of those behind it."""
        core.add(Request(name, tuple(prompt), Sampling(max_tokens=answer, ignore_end=True)))
        begun, first = time.process_time(), 0.0
        while not core.is_idle:
            if core.step() and not first:
                first = time.process_time() - begun
        return first, time.process_time() - begun - first

    seconds("warm", text[-100:], 4)
    held = _memory("VmRSS")
    prefill, decode = seconds("short", text[:PROMPT], ANSWER + 1)
    yield (short := Measured(way, PROMPT / prefill, ANSWER / decode, 0.0, held, 0.0))
    long, _ = seconds("long", text[-LONG:], 1)
    yield replace(short, long=LONG / long, peak=_memory("VmHWM"))


def theirs() -> Iterator[Measured]:
    """Measure llama.cpp: yield what is known after the short prompt, then all."""
    from transformers import AutoTokenizer

    from repowright.inference_backend.models.loader import SMALL, find_model, small_model

    llama_cpp: Any = importlib.import_module("llama_cpp")
    text = _text(AutoTokenizer.from_pretrained(find_model(SMALL)))
    sizes: dict[str, Any] = {"n_ctx": _CONTEXT, "n_threads": 1, "n_threads_batch": 1, "n_batch": 512}
    model = llama_cpp.Llama(str(small_model()), verbose=False, **sizes)

    def seconds(prompt: list[int], answer: int) -> tuple[float, float]:
        """Processor time up to the first token, and of those behind it."""
        model.reset()
        begun = time.process_time()
        model.eval(prompt)
        token = model.sample(temp=0.0)
        first = time.process_time() - begun
        for _ in range(answer - 1):
            model.eval([token])
            token = model.sample(temp=0.0)
        return first, time.process_time() - begun - first

    seconds(text[-100:], 4)
    held = _memory("VmRSS")
    prefill, decode = seconds(text[:PROMPT], ANSWER + 1)
    yield (short := Measured(THEIRS, PROMPT / prefill, ANSWER / decode, 0.0, held, 0.0))
    long, _ = seconds(text[-LONG:], 1)
    yield replace(short, long=LONG / long, peak=_memory("VmHWM"))


def served(engine: str) -> tuple[float, float]:
    """Serve the small model with an engine; return tokens a second of the server's time, of prompts and of answers."""
    import httpx2
    from transformers import AutoTokenizer

    from repowright.inference_backend.models.loader import SMALL, find_model

    text = _text(AutoTokenizer.from_pretrained(find_model(SMALL)))
    code = "from repowright.tui.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--engine", engine, "--device", "cpu", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdout is not None
        address = server.stdout.readline().split()[-1]

        def seconds(begin: int, answer: int) -> float:
            """Processor time of the server for a prompt that it has not seen."""
            asked = {"model": SMALL, "prompt": text[begin : begin + PROMPT], "max_tokens": answer}
            before = _processor_seconds(server.pid)
            url = f"{address}/completions"
            httpx2.post(url, json=asked | {"ignore_eos": True}, timeout=_TIMEOUT_S).raise_for_status()
            return _processor_seconds(server.pid) - before

        try:
            seconds(3 * PROMPT, 4)
            prefill = min(seconds(number * PROMPT, 1) for number in (0, 4))
            both = min(seconds(number * PROMPT, ANSWER + 1) for number in (1, 2))
        finally:
            server.terminate()
    return PROMPT / prefill, ANSWER / (both - prefill)


def _processor_seconds(process: int) -> float:
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _in_a_process(way: str) -> Measured:
    command = [sys.executable, "-m", "repowright.benchmarks.inference.llama_cpp", "--way", way]
    found = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    return Measured(**json.loads(found.stdout.splitlines()[-1]))


def _text(tokeniser: Any) -> list[int]:
    """Tokens of Python's own source."""
    import tarfile

    tokens: list[int] = tokeniser(inspect.getsource(argparse) + inspect.getsource(tarfile))["input_ids"]
    return tokens


def _memory(name: str) -> float:
    """Return what the kernel says of this process, MB."""
    with open("/proc/self/status", encoding="utf-8") as file:
        line = next(line for line in file if line.startswith(name))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()
