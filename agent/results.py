"""What the last run of the whole suite found, kept beside the events for the report."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged
from repowright.agent.run import Run
from repowright.executors.testing.pytest import TestOutcome, TestReport

RESULTS = "results.json"


class TestRecord(BaseModel):
    """One test of the delivered suite."""

    __test__ = False
    model_config = ConfigDict(frozen=True, extra="forbid")

    test: str
    """pytest's node id."""
    outcome: TestOutcome
    message: str = ""
    detail: str = ""
    """The traceback, normalised."""


class FileLines(BaseModel):
    """How much of one file its tests execute, in lines that can be executed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    executed: int
    missing: int

    @property
    def share(self) -> float:
        """Executed lines of all, 0 to 1; 1 for a file that has none."""
        total = self.executed + self.missing
        return self.executed / total if total else 1.0


class RunResults(BaseModel):
    """The tests and the coverage of the delivered project."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tests: tuple[TestRecord, ...] = ()
    coverage: tuple[FileLines, ...] = ()

    @classmethod
    def of(cls, report: TestReport) -> RunResults:
        """Keep of a sandbox's report what people read, in the order of the files and tests."""
        tests = [
            TestRecord(test=result.test, outcome=result.outcome, message=result.message, detail=result.detail)
            for result in report.results
        ]
        coverage = [
            FileLines(path=path, executed=len(lines.executed), missing=len(lines.missing))
            for path, lines in sorted((report.coverage or {}).items())
        ]
        return cls(tests=tuple(tests), coverage=tuple(coverage))


def write_results(run: Run, results: RunResults) -> None:
    """Keep the results in the run's folder, atomically."""
    write_atomically(run.folder / RESULTS, f"{results.model_dump_json(indent=1)}\n".encode())


def read_results(run: Run) -> RunResults:
    """Read the results back; a run that did not come so far has none.

    Raises
    ------
    RunDamaged
        If the file is not what ``write_results`` wrote.
    """
    path = run.folder / RESULTS
    try:
        return RunResults.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return RunResults()
    except ValidationError as err:
        raise RunDamaged(f"{path} is not a list of results", "the run folder was altered") from err
