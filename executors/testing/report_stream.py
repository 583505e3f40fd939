"""Reads back the records that the pytest plugin wrote between a suite's own output."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class StartRecord(_Record):
    kind: Literal["start", "collected"]
    test: str


class ResultRecord(_Record):
    kind: Literal["result"]
    test: str
    outcome: Literal["passed", "failed", "error", "skipped"]
    message: str
    detail: str
    duration_s: float


class TextRecord(_Record):
    kind: Literal["note", "internal"]
    text: str


class CoverageRecord(_Record):
    kind: Literal["coverage"]
    files: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]


class EndRecord(_Record):
    kind: Literal["end"]
    exit_code: int
    counts: dict[str, int]


Record = Annotated[StartRecord | ResultRecord | TextRecord | CoverageRecord | EndRecord, Field(discriminator="kind")]
_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


@dataclass
class ReportStream:
    """What the records say, in the order they came."""

    results: list[ResultRecord] = field(default_factory=list)
    running: str | None = None
    """The test, or the file being collected, whose result never came."""
    notes: list[str] = field(default_factory=list)
    internal: str = ""
    coverage: CoverageRecord | None = None
    end: EndRecord | None = None

    def add(self, record: Record) -> None:
        """Take in the next record."""
        match record:
            case StartRecord(kind="start"):
                self.running = record.test
            case StartRecord():
                self.running = None if self.running == record.test else self.running
            case ResultRecord():
                self.results.append(record)
                self.running = None
            case TextRecord(kind="note"):
                self.notes.append(record.text)
            case TextRecord():
                self.internal = record.text
            case CoverageRecord():
                self.coverage = record
            case EndRecord():
                self.end = record

    @property
    def failed(self) -> bool:
        """True when some result says that the suite did not pass."""
        return any(result.outcome in {"failed", "error"} for result in self.results)

    def agrees_with(self, exit_code: int) -> bool:
        """True when the session ended with the counts of the records and the exit code of the process."""
        if self.end is None or self.end.exit_code != exit_code:
            return False
        seen = {outcome: 0 for outcome in self.end.counts}
        for result in self.results:
            seen[result.outcome] = seen.get(result.outcome, 0) + 1
        return seen == self.end.counts


def plugin_source(secret: str, coverage_of: str) -> str:
    """The plugin's text with its settings filled in."""
    text = resources.files("repowright.executors.testing").joinpath("pytest_plugin.py").read_text("utf-8")
    return text.replace('"@secret@"', repr(secret)).replace('"@coverage_of@"', repr(coverage_of))


def read_stream(output: str, secret: str) -> tuple[ReportStream, str]:
    """Split a suite's standard output into the report and the rest; damaged records are left in the rest."""
    stream = ReportStream()

    def take(found: re.Match[str]) -> str:
        try:
            stream.add(_RECORD.validate_python(json.loads(found.group(1))))
        except (ValueError, ValidationError):
            return found.group(0)
        return ""

    rest = re.sub(f"\x1e{secret}([^\x1f]*)\x1f\n?", take, output)
    return stream, rest
