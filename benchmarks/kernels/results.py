"""What was measured, and how it is written: as JSON, and as a table to read."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from repowright.benchmarks.kernels.baselines import Baseline
from repowright.benchmarks.kernels.checking import Check
from repowright.benchmarks.kernels.shapes import ASKED, WAYS

NOT_MEASURED = "not yet measured"


@dataclass(frozen=True)
class Timed:
    """One way at one shape.

    Parameters
    ----------
    floor
        Microseconds that its bytes take at the bandwidth of a copy.
    of_floor
        Floor over time: 1 would read at a copy's speed.
    times
        Speed-up over the faster of PyTorch's best and our own dense half precision.
    """

    way: str
    shape: str
    microseconds: float
    floor: float
    of_floor: float
    times: float


@dataclass
class Results:
    """All that one run found."""

    device: str = ""
    torch: str = ""
    triton: str = ""
    copy_bandwidth: float = 0.0
    checks: list[Check] = field(default_factory=list)
    baselines: dict[str, list[Baseline]] = field(default_factory=dict)
    timed: list[Timed] = field(default_factory=list)
    others: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def failed(self) -> list[Check]:
        """Checks that did not pass."""
        return [each for each in self.checks if not each.passed]


def write(results: Results, folder: Path) -> None:
    """Write ``kernels.json`` and ``kernels.md``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kernels.json").write_text(json.dumps(asdict(results), indent=2) + "\n", encoding="utf-8")
    (folder / "kernels.md").write_text(markdown(results), encoding="utf-8")


def markdown(results: Results) -> str:
    """Return the tables."""
    lines = [f"# Kernels on {results.device or 'no GPU'}", ""]
    lines.append(f"torch {results.torch}, triton {results.triton}; {_bandwidth(results)}.")
    lines += ["", *_checks(results), "", "## Targets", "", *_targets(results), ""]
    for shape in results.baselines:
        lines += [f"## {shape}", "", *_shape(results, shape), ""]
    lines += [f"- {name}: {value:.4g}" for name, value in results.others.items()]
    lines += [f"- {note}" for note in results.notes]
    return "\n".join(lines).rstrip() + "\n"


def _bandwidth(results: Results) -> str:
    return f"a copy moves {results.copy_bandwidth / 1e12:.2f} TB/s" if results.copy_bandwidth else NOT_MEASURED


def _checks(results: Results) -> list[str]:
    passed = len(results.checks) - len(results.failed)
    lines = [f"{passed} of {len(results.checks)} checks against the twins passed."]
    return lines + [f"- FAILED {one.name}: {one.difference:.3g}, allowed {one.allowed:.3g}" for one in results.failed]


def _targets(results: Results) -> list[str]:
    lines = [
        f"At {ASKED.name}.",
        "",
        "| way | of the floor, asked | reached | speed-up asked | reached |",
        "|---|---|---|---|---|",
    ]
    found = {each.way: each for each in results.timed if each.shape == ASKED.name}
    for way in WAYS:
        if not way.floor:
            continue
        one = found.get(way.name)
        reached = NOT_MEASURED if one is None else f"{one.of_floor:.0%}{_mark(one.of_floor >= way.floor)}"
        asked = f"{way.times:g}x" if way.times else ""
        times = (
            "" if not way.times else NOT_MEASURED if one is None else f"{one.times:.1f}x{_mark(one.times >= way.times)}"
        )
        lines.append(f"| {way.name} | {way.floor:.0%} | {reached} | {asked} | {times} |")
    return lines


def _shape(results: Results, shape: str) -> list[str]:
    lines = ["| | us | of the floor | speed-up |", "|---|---|---|---|"]
    for base in results.baselines[shape]:
        time = base.note or NOT_MEASURED if base.microseconds is None else f"{base.microseconds:.1f}"
        lines.append(f"| {base.name} | {time} | | |")
    for one in results.timed:
        if one.shape == shape:
            lines.append(f"| {one.way} | {one.microseconds:.1f} | {one.of_floor:.0%} | {one.times:.2f}x |")
    return lines


def _mark(met: bool) -> str:
    return "" if met else " (missed)"
