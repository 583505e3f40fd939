"""Results of control arms on disk, so that an arm that ran is not run again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.benchmarks.repocraft.control.arms import Arm
from repowright.benchmarks.repocraft.tasks import Dropped, Task
from repowright.benchmarks.repocraft.verdicts import ArmResult

RENAMED_SHARE = 0.99
"""Of the tasks that must pass on a renamed copy; some tests hold hashes of names."""


class ArmRecord(BaseModel):
    """How an arm was run, beside its verdicts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asked: str
    """Digest of the tasks the arm was asked to run, code of their tests included."""
    layer: str
    """Key of the installed dependencies."""
    python: str
    cpu_s: float
    """Processor time of the test processes that came to their end."""
    wall_s: float
    dropped: tuple[Dropped, ...] = ()
    """Of the real project: tests that do not pass twice."""


@dataclass(frozen=True)
class ArmRun:
    """An arm that was run, now or before."""

    result: ArmResult
    record: ArmRecord

    @property
    def reasons(self) -> dict[str, int]:
        """How many tests were dropped for each reason."""
        return dict(sorted(Counter(each.reason for each in self.record.dropped).items()))

    @property
    def states(self) -> dict[str, int]:
        """How many tasks ended in each state."""
        return dict(sorted(Counter(str(each.state) for each in self.result.verdicts).items()))

    @property
    def as_it_must(self) -> bool:
        """True if the score is what is known of the arm: all, 99 % at least, nothing, nothing."""
        count, passed = len(self.result.verdicts), self.result.passed
        needed = {Arm.REAL: count, Arm.RENAMED: RENAMED_SHARE * count}
        return count > 0 and (passed >= needed[Arm(self.result.arm)] if self.result.arm in needed else passed == 0)


def digest_of(tasks: Sequence[Task]) -> str:
    """Return a hash of the tasks and of the code of their tests, in order."""
    facts = [[task.id, task.source_sha256, *task.test_ids] for task in tasks]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


def write_arm(run: ArmRun, out: Path) -> None:
    """Write ``<project>.<arm>.json`` and, last, the record beside it, without which it does not count as finished."""
    out.mkdir(parents=True, exist_ok=True)
    result, record = _paths(out, run.result.project, run.result.arm)
    result.write_text(_canonical(run.result), encoding="utf-8")
    record.write_text(_canonical(run.record), encoding="utf-8")


def finished_arm(out: Path, project: str, arm: str, asked: str) -> ArmRun | None:
    """Return an arm that was run on the same tasks before; `None` if there is none that can be read."""
    result, record = _paths(out, project, arm)
    try:
        found = ArmRun(
            ArmResult.model_validate_json(result.read_bytes()), ArmRecord.model_validate_json(record.read_bytes())
        )
    except (OSError, ValidationError):
        return None
    return found if found.record.asked == asked else None


def _paths(out: Path, project: str, arm: str) -> tuple[Path, Path]:
    return out / f"{project}.{arm}.json", out / f"{project}.{arm}.run.json"


def _canonical(model: BaseModel) -> str:
    return json.dumps(model.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
