"""What the framework itself costs: processor time a call, and memory over a plan of thousands of units.

The model is an endpoint in another process that answers at once, the sandbox one that knows the outcome, so
that what this process takes is the framework's own: prompts, checks, graph, records, checkpoints, commits.
Processor time is counted, not wall time: it is what holds on a loaded machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from repowright.agent.events import Event, EventBus, LlmReply, StageEnd, UnitEnd
from repowright.agent.run import Run
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes
from repowright.agent.workflows.generate.code.evidence import TestBench
from repowright.agent.workflows.generate.session import Generation
from repowright.benchmarks.speed.synthetic import specification
from repowright.executors import Ended, LocalSandbox, TestOutcome, TestReport, TestResult

MILLISECONDS_A_CALL = 20.0
"""The bound the framework is held to, of its own processor time."""
GROWTH = 1.25
"""Most that memory may grow from a quarter of the units to the last."""


@dataclass(frozen=True)
class Cost:
    """What a run cost the framework."""

    units: int
    calls: int
    cpu_s: float
    wall_s: float
    ms_a_call: float
    peak_mb: float
    mb_at_quarters: tuple[float, ...]
    """Resident memory when a quarter, half, three quarters and all of the units were done."""
    stage_cpu_s: Mapping[str, float]

    @property
    def growth(self) -> float:
        return self.mb_at_quarters[-1] / self.mb_at_quarters[0]


class KnownBench(TestBench):
    """Tells the outcome of a suite from its files: it fails where a tested function is a stub."""

    __test__ = False

    def execute(self, files: Mapping[str, bytes], select: Sequence[str], coverage_of: str | None) -> TestReport:
        chosen = list(select) or sorted(path for path in files if path.startswith("tests/"))
        results = tuple(_result(files, path) for path in chosen)
        failed = any(result.outcome is TestOutcome.FAILED for result in results)
        return TestReport(results, 1 if failed else 0, Ended.EXITED, 0.0)


def _result(files: Mapping[str, bytes], path: str) -> TestResult:
    imported = re.findall(r"from adders\.(file_\d+) import (add_\d+)", files[path].decode())
    stubbed = any(
        f'NotImplementedError("{name}")'.encode() in files[f"src/adders/{module}.py"] for module, name in imported
    )
    outcome = TestOutcome.FAILED if stubbed else TestOutcome.PASSED
    return TestResult(f"{path}::test_adds", outcome)


class KnownSitting(Generation):
    def bench(self) -> TestBench:
        return KnownBench(self.sandbox, self.record, None, self.bus, 8, self.limits)


class Meter:
    """Counts calls and reads processor time and memory as the run goes on."""

    def __init__(self, units: int) -> None:
        self._units = units
        self._done = 0
        self._last = time.process_time()
        self.calls = 0
        self.memory: list[float] = []
        self.stages: dict[str, float] = {}

    def __call__(self, event: Event) -> None:
        if isinstance(event, LlmReply):
            self.calls += 1
        elif isinstance(event, StageEnd):
            now = time.process_time()
            self.stages[event.stage] = round(now - self._last, 2)
            self._last = now
        elif isinstance(event, UnitEnd):
            self._done += 1
            if self._done * 4 >= self._units * (len(self.memory) + 1) and len(self.memory) < 4:
                self.memory.append(resident_mb())


def resident_mb() -> float:
    """Return this process's resident memory in megabytes."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@contextmanager
def model() -> Iterator[str]:
    """Serve the synthetic model from a process of its own and yield its base URL."""
    argv = [sys.executable, "-m", "repowright.benchmarks.speed.synthetic"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def measure(units: int, folder: Path) -> Cost:
    """Generate a library of so many units below ``folder`` and return what it cost."""
    meter = Meter(units)
    with model() as url:
        settings = Settings(model="synthetic", base_url=url, parallel=16)
        spec = spec_from_bytes(specification(units).encode(), "benchmark")
        run = Run.create(folder / "runs", spec, settings, folder / "out", time.time)
        bus = EventBus(run.id, time.time)
        log = run.log()
        bus.subscribe(log)
        bus.subscribe(meter)
        cpu, wall = time.process_time(), time.monotonic()
        outcome = asyncio.run(KnownSitting(run, settings, LocalSandbox(), bus).drive(None))
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        log.close()
    if outcome is None or not outcome.green or outcome.units_verified != units:
        raise SystemExit(f"the run did not end well: {outcome}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    share = 1e3 * cpu / meter.calls
    return Cost(units, meter.calls, cpu, wall, share, peak, tuple(meter.memory), meter.stages)


def main() -> None:
    """Print the cost; exit 1 where it is over its bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cost = measure(chosen.units, Path(folder))
    if chosen.json:
        print(json.dumps(asdict(cost)))
    else:
        quarters = ", ".join(f"{one:.0f}" for one in cost.mb_at_quarters)
        print(f"{cost.units} units, {cost.calls} calls, {cost.wall_s:.0f} s wall, {cost.cpu_s:.0f} s processor")
        print(f"framework   {cost.ms_a_call:.1f} ms a call (bound {MILLISECONDS_A_CALL:.0f})")
        print(f"memory      {quarters} MB at each quarter of the units, growth {cost.growth:.2f} (bound {GROWTH})")
        print(f"stages      {', '.join(f'{name} {seconds} s' for name, seconds in cost.stage_cpu_s.items())}")
    raise SystemExit(0 if cost.ms_a_call <= MILLISECONDS_A_CALL and cost.growth <= GROWTH else 1)


if __name__ == "__main__":
    main()
