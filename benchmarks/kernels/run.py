"""Checks the kernels on this GPU, times them against PyTorch's own attention, and says which targets are met.

``python -m repowright.benchmarks.kernels.run`` takes under eight minutes. ``--tune`` first finds how to launch them
and writes the table that ships; ``--dry`` checks small shapes alone, in Triton's interpreter where there is no GPU.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

from repowright.benchmarks.kernels import checking, measuring, results
from repowright.benchmarks.kernels.shapes import SHAPES
from repowright.benchmarks.kernels.tune import tune

_SECONDS = 8 * 60
_HERE = Path(__file__).parent


def main(arguments: list[str] | None = None) -> int:
    """Run; 1 if a kernel is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dry", action="store_true", help="check small shapes, time nothing")
    parser.add_argument("--tune", action="store_true", help="find how to launch the kernels, write the table")
    parser.add_argument("--only-tune", action="store_true", help="tune, and time nothing else")
    parser.add_argument("--output", type=Path, default=_HERE / "results", help="folder of kernels.json and kernels.md")
    parser.add_argument("--seconds", type=float, default=_SECONDS, help="begin no further measurement after these")
    given = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        # Read when a kernel is defined; what is imported above defines none.
        os.environ["TRITON_INTERPRET"] = "1"
        torch.set_num_threads(1)
    return _run(given)


def _run(given: argparse.Namespace) -> int:
    begun = time.monotonic()
    gpu = torch.cuda.is_available()
    found = measuring.begun()
    found.checks = checking.checks("cuda" if gpu else "cpu")
    print(f"{len(found.checks) - len(found.failed)} of {len(found.checks)} checks passed", flush=True)
    if gpu and not given.dry and not found.failed:
        if given.tune or given.only_tune:
            _tune()
        if not given.only_tune:
            _measure(found, lambda: time.monotonic() - begun < given.seconds)
    elif not given.dry:
        found.notes.append("a kernel is wrong here: nothing was timed" if gpu else "no GPU: not yet measured")
    found.notes.append(f"took {time.monotonic() - begun:.0f} s")
    results.write(found, given.output)
    print(results.markdown(found))
    return 1 if found.failed else 0


def _tune() -> None:
    for line in tune(torch.cuda.get_device_name()):
        print(line, flush=True)


def _measure(found: results.Results, in_time: Callable[[], bool]) -> None:
    for shape in SHAPES:
        for line in measuring.shape(found, shape, in_time):
            print(line, flush=True)
    for line in measuring.others(found, in_time):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
