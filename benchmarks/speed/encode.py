"""Encoding against raw parsing, in one run: the ratios that the product is held to.

The raw parse is tree-sitter alone on one core over the same files, read beforehand. The first encode is
everything up to the stored graph, in an empty store, wall time on all cores. Memory is the sum of what the
encoding process and its workers hold, sampled; a page that several share counts in shares (Linux: PSS).
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from repowright.benchmarks.speed.sdists import SDISTS, fetched
from repowright.graph.encode import Encoded, encode
from repowright.graph.encode.workers import cores
from repowright.repo_tools.languages import python

FIRST = 2.5
"""Most that a first encode may take, in raw parses."""
AGAIN = 0.05
"""Most that encoding again without a change may take, as a share of the first."""
ONE_FILE_MS = 300.0
"""Most that evolving after a change of one file may take."""
MEMORY_MB = 1000.0

T = TypeVar("T")


@dataclass(frozen=True)
class Figures:
    """What was measured on one source tree, in seconds unless the name says otherwise."""

    files: int
    nodes: int
    edges: int
    raw: float
    first: float
    processor: float
    again: float
    command: float
    body_ms: float
    function_ms: float
    load: float
    export: float
    memory_mb: float
    store_mb: float


def measure(folder: Path, scratch: Path, rounds: int) -> Figures:
    """Measure a source tree, copied so that it can be changed; the best of a few rounds where that is fair."""
    copy = scratch / folder.name
    shutil.copytree(folder, copy, symlinks=True)
    _age(copy)
    raw = min(_raw_parse(copy) for _ in range(rounds))
    first, processor, memory, store = _first(copy, scratch, rounds)
    encoded = _encoded(copy, store)
    again = min(_timed(lambda: _encoded(copy, store))[0] for _ in range(rounds))
    command = min(_timed(lambda: _command(copy, store))[0] for _ in range(rounds))
    load, _ = _timed(encoded.graph)
    export, _ = _timed(lambda: encoded.to_json(scratch / "graph.json"))
    body, function = _edits(copy, store)
    report = encoded.report
    size = store.stat().st_size / 1e6
    return Figures(
        files=report.files,
        nodes=report.nodes,
        edges=report.edges,
        raw=raw,
        first=first,
        processor=processor,
        again=again,
        command=command,
        body_ms=body,
        function_ms=function,
        load=load,
        export=export,
        memory_mb=memory,
        store_mb=size,
    )


def _first(copy: Path, scratch: Path, rounds: int) -> tuple[float, float, float, Path]:
    """Encode into empty stores, each in a process of its own.

    Return the best wall time, the processor time with it, the most memory, and a store. Memory is taken in a round
    of its own: to ask a process for its pages, over and over, holds it up and takes a part of a core.
    """
    store = scratch / f"{copy.name}.rpg"
    with _child(copy, store) as process:
        memory = 0.0
        while process.poll() is None:
            memory = max(memory, held_mb(process.pid))
            time.sleep(0.02)
    seconds = [_timed_child(copy, scratch / f"{copy.name}-{number}.rpg") for number in range(rounds)]
    return *min(seconds), memory, store


def _timed_child(copy: Path, store: Path) -> tuple[float, float]:
    with _child(copy, store) as process:
        said, _ = process.communicate()
    wall, processor = said.split()
    return float(wall), float(processor)


def _child(copy: Path, store: Path) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "repowright.benchmarks.speed.encode", "--child", str(copy), str(store)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def held_mb(process: int) -> float:
    """Return the memory that a process and its children hold, in megabytes; 0 once it has ended."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    own = next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return own / 1000 + sum(held_mb(int(child)) for child in children)


def _encoded(folder: Path, store: Path) -> Encoded:
    return encode(folder, store, ["python"])


def _edits(copy: Path, store: Path) -> tuple[float, float]:
    """Change one body, then add one function, in a file that many others import."""
    found = (sorted(copy.rglob(pattern)) for pattern in ("models/query.py", "core/*.py", "*.py"))
    target = max(next(filter(None, found)), key=lambda path: path.stat().st_size)
    text = target.read_text(encoding="utf-8")
    head, _, tail = text.rpartition("return ")
    target.write_text(f"{head}return None or {tail}", encoding="utf-8")
    body, _ = _timed(lambda: _encoded(copy, store))
    target.write_text(f"{text}\n\ndef added_by_the_benchmark(value):\n    return value\n", encoding="utf-8")
    function, _ = _timed(lambda: _encoded(copy, store))
    return body * 1000, function * 1000


def _raw_parse(folder: Path) -> float:
    import tree_sitter_python
    from tree_sitter import Language, Parser

    sources = [path.read_bytes() for path in folder.rglob("*.py") if path.is_file()]
    parser = Parser(Language(tree_sitter_python.language()))
    seconds, _ = _timed(lambda: [None for source in sources if parser.parse(source) is None])
    return seconds


def _command(folder: Path, store: Path) -> None:
    argv = [sys.executable, "-m", "repowright.tui", "encode", str(folder), "--out", str(store), "--lang", "python"]
    subprocess.run(argv, check=True, capture_output=True, timeout=600)


def _age(folder: Path) -> None:
    """Give all files an old time stamp: those of files just written are not relied on."""
    for path in folder.rglob("*"):
        os.utime(path, (1_700_000_000, 1_700_000_000), follow_symlinks=False)


def _processor_seconds() -> float:
    """Return what this process and its ended workers took, imports included."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def _timed(act: Callable[[], T]) -> tuple[float, T]:
    start = time.perf_counter()
    outcome = act()
    return time.perf_counter() - start, outcome


def table(name: str, figures: Figures) -> tuple[str, bool]:
    """Return the figures as text, and whether all bounds are kept."""
    ratio, share = figures.first / figures.raw, figures.again / figures.first
    bounds = [
        ("first encode / raw parse", ratio, FIRST, f"{figures.first:.2f} s / {figures.raw:.2f} s"),
        ("again / first encode", share, AGAIN, f"{figures.again * 1000:.0f} ms; as a command {figures.command:.2f} s"),
        ("memory, MB", figures.memory_mb, MEMORY_MB, ""),
        ("another body, ms", figures.body_ms, ONE_FILE_MS, ""),
        ("another function, ms", figures.function_ms, ONE_FILE_MS, ""),
    ]
    lines = [f"{name}: {figures.files:,} files, {figures.nodes:,} nodes, {figures.edges:,} edges"]
    for what, value, bound, more in bounds:
        verdict = "ok" if value <= bound else "TOO MUCH"
        lines.append(f"  {what:<26} {value:>9.3f}  at most {bound:<7g} {verdict:<9} {more}")
    lines.append(
        f"  beside: the first encode takes {figures.processor:.2f} s of processor time on {cores()} cores, "
        f"load into networkx {figures.load:.2f} s, write JSON {figures.export:.2f} s, "
        f"store {figures.store_mb:.1f} MB"
    )
    return "\n".join(lines), all(value <= bound for _, value, bound, _ in bounds)


def interpreter() -> str:
    """Return what runs this and how it was compiled: Python's own speed is in the ratio, the parser's is not."""
    interpreted = python.__file__.endswith(".py")
    encoder = "interpreted (`make bench-encode` measures a wheel's)" if interpreted else "compiled, as wheels have it"
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.python_compiler()}; "
        f"the encoder is {encoder}"
    )


def main() -> int:
    """Measure the distributions and return 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, action="append", help="a source tree to measure instead")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, help="folder the distributions are kept in")
    parser.add_argument("--child", type=Path, nargs=2, metavar=("FOLDER", "STORE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        print(_timed(lambda: _encoded(*given.child))[0], _processor_seconds())
        return 0
    print(interpreter(), flush=True)
    folders = given.source or [fetched(each, given.cache) for each in SDISTS]
    kept = True
    for folder in folders:
        with tempfile.TemporaryDirectory(prefix="repowright-encode-") as scratch:
            text, fine = table(folder.name, measure(folder, Path(scratch), given.rounds))
        print(text, flush=True)
        kept &= fine
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
