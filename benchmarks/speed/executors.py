"""What a sandbox costs, in one run: the ratios that the product is held to.

Both sides of a ratio take turns, round by round, and their medians are compared: the machine may be busy
with other things. Beside Docker stands what one would do instead, an exec, a tar or a ``docker run`` per
command without any of the checks; beside bubblewrap the same with a bare bubblewrap. The Python outside is
that of the image in a chroot, in the container's own share of the processor where control groups give one.
A pool has pytest loaded already; the lines without a pool have not.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from repowright.benchmarks.speed.boxes_beside import Beside, BesideBubblewrap, BesideDocker
from repowright.executors import Box, BubblewrapSandbox, DockerSandbox, Limits, Sandbox, SandboxError, run_pytest
from repowright.executors.pool import BoxPool
from repowright.executors.trees import File, Snapshot

OVERHEAD = 1.5
"""Most that a warm run of nothing may take, in bare execs."""
TRANSFER = 3.0
"""Most that a repository in and out may take, in bare execs with tar."""
SUITE = 1.15
"""Most that 200 tests may take in a box, in runs of the same Python outside."""
CYCLES = 3.0
"""Test cycles a minute that a pool must do at least while a container each does one."""
FILES = 536
FILE_BYTES = 10_000
TESTS = 200
LIMITS = Limits(wall_s=120, cpu_s=120, memory_mb=512, pids=64, disk_mb=64)
OPTIONS = ("-q", "-p", "no:cacheprovider")


@dataclass(frozen=True)
class Line:
    """One ratio and its bound; a ratio without one is told beside the others."""

    name: str
    ours_s: float
    theirs_s: float
    bound: float | None
    at_least: bool = False

    @property
    def ratio(self) -> float:
        """Ours in theirs; for a rate, how many times theirs."""
        return self.theirs_s / self.ours_s if self.at_least else self.ours_s / self.theirs_s

    @property
    def kept(self) -> bool:
        """True when the bound holds."""
        if self.bound is None:
            return True
        return self.ratio >= self.bound if self.at_least else self.ratio <= self.bound

    def text(self) -> str:
        """One line of the table."""
        word, verdict = ("at least" if self.at_least else "at most"), ("ok" if self.kept else "MISSED")
        target = "beside" if self.bound is None else f"{word} {self.bound:g}"
        times = f"{self.ours_s * 1000:8.1f} ms / {self.theirs_s * 1000:8.1f} ms"
        return f"  {self.name:<50} {self.ratio:6.2f}  {target:<13} {verdict:<7} {times}"


def repository() -> dict[str, bytes]:
    """Return a repository of some 5 MB in 536 files, with a small suite beside them."""
    text = "\n".join(f"def function_{number}(value):\n    return value + {number}\n" for number in range(400))
    body = (text * 2)[:FILE_BYTES].rpartition("\ndef ")[0].encode()
    files = {f"package{number % 24}/module{number}.py": body + b"\n# %d\n" % number for number in range(FILES - 2)}
    return {**files, "test_small.py": small_suite(0), "test_large.py": large_suite()}


def small_suite(number: int) -> bytes:
    """Return five tests that differ with ``number``."""
    return "".join(f"def test_{each}():\n    assert {number} == {number}\n\n" for each in range(5)).encode()


def large_suite() -> bytes:
    """Return 200 tests, each of which works for a while."""
    text = "import pytest\n\n@pytest.mark.parametrize('number', range({}))\ndef test_one(number):\n    {}\n"
    return text.format(TESTS, "assert sorted(range(20_000), key=lambda value: -value)[-1] == 0").encode()


def interleaved(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median seconds of both, taken in turns, after one round that does not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        # Who goes first changes, so that neither always follows the other.
        for side, act in sorted(enumerate((ours, theirs)), reverse=bool(number % 2)):
            start = time.perf_counter()
            act()
            if number:
                seconds[side].append(time.perf_counter() - start)
    return statistics.median(seconds[0]), statistics.median(seconds[1])


class Bench:
    """One sandbox, measured against what stands beside it."""

    def __init__(self, sandbox: Sandbox, beside: Beside, scratch: Path, rounds: int) -> None:
        self.pool = BoxPool(sandbox)
        self.beside = beside
        self.rounds = rounds
        self.files = repository()
        self.folder = scratch / "repository"
        self.out = scratch / "out"
        write_folder(self.folder, {path: File(data) for path, data in self.files.items()})
        self.number = 0

    def lines(self) -> Iterator[Line]:
        """Measure one ratio after the other."""
        with self.pool.domain("benchmark").open(LIMITS) as box:
            yield self.overhead(box, "a warm run of nothing", OVERHEAD)
            yield self.transfer(box)
            yield self.suite(box, f"{TESTS} tests", SUITE)
        with self.pool.sandbox.open(LIMITS) as fresh:
            yield self.overhead(fresh, "no pool: a run of nothing", None)
            yield self.suite(fresh, f"no pool: {TESTS} tests", None)
        yield self.cycles()

    def overhead(self, box: Box, name: str, bound: float | None) -> Line:
        """Measure a run of nothing in an open box."""
        ours, theirs = interleaved(lambda: box.run(["true"], LIMITS), self.beside.nothing, 5 * self.rounds)
        return Line(f"{name} / {self.beside.nothing_name}", ours, theirs, bound)

    def transfer(self, box: Box) -> Line:
        """Measure the repository from a folder into an empty workspace, and all of it back into another folder."""

        def ours() -> None:
            box.restore(Snapshot({}))
            box.put(read_folder(self.folder))
            write_folder(self.out / "ours", box.snapshot().files)

        seconds, theirs = interleaved(ours, lambda: self.beside.tar(self.folder, self.out / "theirs"), self.rounds)
        return Line(f"5 MB in and out / {self.beside.tar_name}", seconds, theirs, TRANSFER)

    def suite(self, box: Box, name: str, bound: float | None) -> Line:
        """Measure 200 tests in a box and outside."""
        box.sync(self.files)
        argv = ["-m", "pytest", *OPTIONS, "test_large.py"]

        def ours() -> None:
            outcome = box.run([self.pool.sandbox.python, *argv], LIMITS)
            assert outcome.exit_code == 0, outcome

        seconds, theirs = interleaved(ours, lambda: self.beside.outside(self.folder, argv), self.rounds)
        return Line(f"{name} / the same Python outside", seconds, theirs, bound)

    def cycles(self) -> Line:
        """Measure cycles of an edit and five tests, on every core at once; seconds of one cycle."""
        workers = len(os.sched_getaffinity(0))
        sandbox = self.pool.domain("cycles")

        def ours(number: int) -> None:
            files = {**self.files, "test_small.py": small_suite(number)}
            assert run_pytest(sandbox, files, ["test_small.py"], LIMITS).passed

        def theirs(number: int) -> None:
            argv = ["-m", "pytest", *OPTIONS, "test_small.py"]
            self.beside.each(self.folder, argv)

        def together(one: Callable[[int], None]) -> None:
            self.number += 1
            with ThreadPoolExecutor(workers) as threads:
                list(threads.map(one, range(100 * self.number, 100 * self.number + 3 * workers)))

        seconds = interleaved(lambda: together(ours), lambda: together(theirs), self.rounds)
        ours_s, theirs_s = (each / (3 * workers) for each in seconds)
        return Line(f"test cycles a minute / {self.beside.each_name}", ours_s, theirs_s, CYCLES, at_least=True)


def read_folder(folder: Path) -> dict[str, File]:
    """Read all files of a folder."""
    found = (Path(place) / name for place, _, names in os.walk(folder) for name in names)
    return {path.relative_to(folder).as_posix(): File(path.read_bytes()) for path in found}


def write_folder(folder: Path, files: Mapping[str, File]) -> None:
    """Write files into a folder."""
    for path, file in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(file.data)


def measured(name: str, scratch: Path, rounds: int) -> list[Line]:
    """Measure one kind of sandbox, printing each line when it is there."""
    with contextlib.ExitStack() as stack:
        beside: Beside
        sandbox: Sandbox
        if name == "docker":
            docker = DockerSandbox(ahead=False)
            sandbox, beside = docker, BesideDocker(docker, scratch)
        else:
            bubblewrap = BubblewrapSandbox()
            sandbox, beside = bubblewrap, BesideBubblewrap(bubblewrap, scratch)
        stack.callback(sandbox.close)
        stack.callback(beside.close)
        lines = []
        for line in Bench(sandbox, beside, scratch, rounds).lines():
            print(line.text(), flush=True)
            lines.append(line)
    return lines


def main() -> int:
    """Measure, and return 1 if a bound is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sandbox", choices=("docker", "bubblewrap"), action="append")
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    kept = True
    for name in given.sandbox or ["docker", "bubblewrap"]:
        print(f"{name}: medians of {given.rounds} rounds taken in turns", flush=True)
        try:
            with tempfile.TemporaryDirectory(prefix="repowright-bench-", dir="/var/tmp") as scratch:
                Path(scratch).chmod(0o755)
                kept &= all(line.kept for line in measured(name, Path(scratch), given.rounds))
        except SandboxError as err:
            print(f"  cannot be measured: {err}", flush=True)
            kept = False
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
