"""One project of a report: what its run says of itself, beside what the harness makes of the crate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from repowright.agent.errors import RunDamaged
from repowright.agent.events import RunEnd
from repowright.agent.run import Run
from repowright.agent.workflows.translate.delivering import RECORD
from repowright.agent.workflows.translate.records import Translation
from repowright.benchmarks.translation.verdict import ProjectVerdict

OUT_OF_INTERFACE = "not-in-interface"
_TREE = re.compile(r"^- (?P<kind>Source|Interface): (?P<name>.+), \d+ files, [0-9a-f]{64}$", re.MULTILINE)


class ProjectRow(BaseModel):
    """Everything that a report says of one project.

    Parameters
    ----------
    status
        Of the run; whatever it is, the project counts.
    judged
        Whether the harness looked at the crate; where it did not, nothing builds or passes.
    strict
        All tests that fail on stubs pass, as the set has them, and no stub or unsafe code is added.
    real_passed, real_tests
        Tests that fail on stubs.
    refused, outside
        C that is not translated, and how much of that has no place in the interface that is given.
    rounds
        Answers of the model after each unit's first, mendings of the whole crate included.
    seconds
        Wall time of all sittings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    project: str
    run: str
    model: str
    status: str
    judged: bool = False
    tier: str = ""
    stood_in: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    builds: bool = False
    official: bool = False
    strict: bool = False
    reasons: tuple[str, ...] = ()
    passed: int = 0
    failed: int = 0
    vacuous: int = 0
    real_passed: int = 0
    real_tests: int = 0
    unsafe: int = 0
    laundered: int = 0
    clippy: int = -1
    rust_lines: int = 0
    c_lines: int = 0
    units: int = 0
    verified: int = 0
    refused: int = 0
    outside: int = 0
    rounds: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    seconds: float = 0.0

    @property
    def clippy_per_1000(self) -> float | None:
        """Warnings of clippy by 1,000 lines of Rust; ``None`` where it was not run."""
        return 1000 * self.clippy / self.rust_lines if self.clippy >= 0 and self.rust_lines else None


def subject_of(run: Run) -> str:
    """The name that a set knows a run's project by: its interface's, else that of the C.

    Raises
    ------
    RunDamaged
        If the run's specification names neither.
    """
    found = {each["kind"]: each["name"] for each in _TREE.finditer(run.spec().text)}
    if not found:
        raise RunDamaged(f"{run.folder} is no translation", "name runs of repowright translate")
    return found.get("Interface") or found["Source"]


def translation_of(run: Run) -> Translation | None:
    """What a run delivered; ``None`` where it did not come to that.

    Raises
    ------
    RunDamaged
        If its record cannot be read.
    """
    place = run.folder / RECORD
    if not place.is_file():
        return None
    try:
        return Translation.model_validate_json(place.read_bytes())
    except ValueError as err:
        raise RunDamaged(f"{place} is no record of a translation", "make the run again") from err


def row_of(project: str, run: Run, verdict: ProjectVerdict | None) -> ProjectRow:
    """Bring together what is known of a project.

    Raises
    ------
    RunDamaged
        As ``translation_of``.
    """
    ends = [event for event in run.events() if isinstance(event, RunEnd)]
    row = ProjectRow(
        project=project,
        run=run.id,
        model=run.manifest.settings.model,
        status=str(run.status),
        seconds=sum(end.seconds for end in ends),
        prompt_tokens=ends[-1].prompt_tokens if ends else 0,
        completion_tokens=ends[-1].completion_tokens if ends else 0,
    )
    translation = translation_of(run)
    row = row.model_copy(update=_of_translation(translation)) if translation else row
    return row.model_copy(update=_of_verdict(verdict)) if verdict else row


def _of_translation(found: Translation) -> dict[str, object]:
    metrics = found.metrics
    return {
        "c_lines": metrics.c_lines,
        "rust_lines": metrics.rust_lines,
        "units": metrics.units,
        "verified": metrics.verified,
        "refused": metrics.refused,
        "outside": sum(each.code == OUT_OF_INTERFACE for each in found.refused),
        "rounds": metrics.requests - sum(unit.attempts > 0 for unit in found.units),
        "requests": metrics.requests,
        "prompt_tokens": metrics.prompt_tokens,
        "completion_tokens": metrics.completion_tokens,
        "usd": metrics.usd,
    }


def _of_verdict(found: ProjectVerdict) -> dict[str, object]:
    tests = {*found.passed, *found.failed}
    return {
        "judged": True,
        "tier": found.tier,
        "stood_in": found.stood_in,
        "dropped": found.dropped,
        "missing": found.missing,
        "builds": found.builds,
        "official": found.official,
        "strict": found.strict,
        "reasons": found.reasons,
        "passed": len(found.passed),
        "failed": len(found.failed),
        "vacuous": len(tests & set(found.vacuous)),
        "real_passed": len(found.real),
        "real_tests": len(tests - set(found.vacuous)),
        "unsafe": found.unsafe,
        "laundered": found.laundered,
        "clippy": found.clippy,
        "rust_lines": found.lines,
    }


class Totals(BaseModel):
    """Several projects."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    projects: int
    finished: int
    builds: int
    official: int
    strict: int
    passed: int
    failed: int
    vacuous: int
    unsafe: int
    unsafe_projects: int
    laundered: int
    clippy: int
    clippy_per_1000: float | None
    rust_lines: int
    c_lines: int
    units: int
    verified: int
    refused: int
    outside: int
    rounds: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    usd: float
    seconds: float


_ADDED = (
    "builds", "official", "strict", "passed", "failed", "vacuous", "unsafe", "laundered", "rust_lines", "c_lines",
    "units", "verified", "refused", "outside", "rounds", "requests", "prompt_tokens", "completion_tokens", "usd",
    "seconds",
)  # fmt: skip


def totals(rows: Sequence[ProjectRow]) -> Totals:
    """Add rows up; warnings of clippy are held against the lines of the crates it was run on."""
    sums = {name: sum(getattr(row, name) for row in rows) for name in _ADDED}
    linted = [row for row in rows if row.clippy >= 0]
    warnings, lines = sum(row.clippy for row in linted), sum(row.rust_lines for row in linted)
    return Totals(
        projects=len(rows),
        finished=sum(row.status in ("done", "failing") for row in rows),
        unsafe_projects=sum(row.unsafe > 0 for row in rows),
        clippy=warnings,
        clippy_per_1000=1000 * warnings / lines if lines else None,
        **sums,
    )
