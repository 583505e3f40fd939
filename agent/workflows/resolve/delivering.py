"""The last stage: the patch, a report for people and a record for programs, in the run's folder."""

from __future__ import annotations

from pathlib import Path

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import OutFolderError
from repowright.agent.events import Decision, FileWritten
from repowright.agent.events import Warning as Warned
from repowright.agent.run import Run
from repowright.agent.workflows.resolve.records import (
    Change,
    Comparison,
    Reproduction,
    Resolution,
    Suspect,
    Verdict,
)
from repowright.agent.workflows.resolve.report import report_text
from repowright.agent.workflows.resolve.stages import REPORT
from repowright.agent.workflows.resolve.studio import Studio
from repowright.agent.workflows.resolve.verifying import passes_now
from repowright.agent.workflows.resolve.working_copy import WorkingCopy

PATCH = "fix.patch"
RECORD = "resolution.json"


def deliver(
    studio: Studio,
    suspects: tuple[Suspect, ...],
    reproduction: Reproduction,
    change: Change,
    comparison: Comparison,
    rounds: int,
) -> Resolution:
    """Write patch, report and record, and return the record.

    The test of the issue is part of the patch if it failed before the change and passes after it.

    Raises
    ------
    OutFolderError
        If the patch cannot be written where it was asked for.
    """
    fixed = passes_now(comparison, reproduction)
    beside = {reproduction.path: reproduction.code} if fixed else {}
    patch = WorkingCopy(studio.atlas.tree, changed=change.files).patch(beside) if change.files else ""
    verdict = verdict_of(change, reproduction, comparison)
    resolution = Resolution(
        verdict=verdict,
        title=studio.subject.title,
        repository=studio.subject.name,
        tree=studio.subject.tree,
        environment="lock" if studio.subject.lock else "standard library",
        suspects=suspects,
        reproduction=reproduction,
        reproduced="yes" if fixed else "still fails" if reproduction.path else "no",
        wrong=change.wrong,
        change=change.change,
        files=tuple(sorted({**change.files, **beside})) if patch else (),
        tests=comparison,
        rounds=rounds,
        why_unverified=comparison.why if verdict is Verdict.UNVERIFIED else "",
    )
    _write(studio.run, patch, resolution)
    _tell(studio, resolution, {**change.files, **beside})
    return resolution


def verdict_of(change: Change, reproduction: Reproduction, comparison: Comparison) -> Verdict:
    """Return what is known of a change."""
    if not change.files:
        return Verdict.NO_PATCH
    if not comparison.ran:
        return Verdict.UNVERIFIED
    if comparison.broken or (reproduction.path and not passes_now(comparison, reproduction)):
        return Verdict.FAILING
    return Verdict.RESOLVED if reproduction.path else Verdict.UNREPRODUCED


def _write(run: Run, patch: str, resolution: Resolution) -> None:
    write_atomically(run.folder / PATCH, patch.encode())
    write_atomically(run.folder / REPORT, report_text(resolution).encode())
    write_atomically(run.folder / RECORD, f"{resolution.model_dump_json(indent=1)}\n".encode())
    if run.out != run.folder / PATCH:
        _copy(patch, run.out)


def _copy(patch: str, out: Path) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(out, patch.encode())
    except OSError as err:
        hint = f"the patch is in the run's folder as {PATCH}"
        raise OutFolderError(f"cannot write {out}: {err.strerror}", hint) from err


def _tell(studio: Studio, resolution: Resolution, texts: dict[str, str]) -> None:
    for path in resolution.files:
        studio.emit(FileWritten(path=path, lines=texts[path].count("\n")))
    if resolution.verdict is Verdict.UNVERIFIED:
        studio.emit(Warned(message=f"the patch is not verified: {resolution.why_unverified}"))
    evidence = [*resolution.tests.broken[:10], *resolution.tests.fixed[:10]]
    why = resolution.wrong or "the model does not say what was wrong"
    studio.emit(
        Decision(stage="deliver", subject="the patch", what=str(resolution.verdict), why=why, evidence=evidence)
    )
