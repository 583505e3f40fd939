"""Reads back what the driver told of the commands it ran in a box."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from repowright.executors.sandbox import Ended
from repowright.executors.testing.framework import Step, StepRun

REPORT_BYTES = 16_000_000
"""All reports of a run together."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)


class FileRecord(_Record):
    kind: Literal["file"]
    name: str
    part: str
    last: bool


class CutRecord(_Record):
    kind: Literal["cut"]
    name: str
    size: int


class StepRecord(_Record):
    kind: Literal["step"]
    name: str
    exit_code: int
    duration_s: float


class EndRecord(_Record):
    kind: Literal["end"]
    ended: Literal["exited", "time", "output"]


Record = Annotated[FileRecord | CutRecord | StepRecord | EndRecord, Field(discriminator="kind")]
_RECORD: TypeAdapter[Record] = TypeAdapter(Record)


@dataclass
class DriverStream:
    """What the records say, in the order they came."""

    steps: list[StepRun] = field(default_factory=list)
    ended: Ended | None = None
    """None when the driver itself did not come to its end."""
    _parts: list[str] = field(default_factory=list)
    _files: dict[str, bytes] = field(default_factory=dict)
    _cut: list[str] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Take in the next record."""
        match record:
            case FileRecord():
                self._add_part(record)
            case CutRecord():
                self._cut.append(record.name)
            case StepRecord():
                run = StepRun(record.name, record.exit_code, record.duration_s, self._files, tuple(self._cut))
                self.steps.append(run)
                self._files, self._cut = {}, []
            case EndRecord():
                self.ended = Ended(record.ended)

    def _add_part(self, record: FileRecord) -> None:
        self._parts.append(record.part)
        if not record.last:
            return
        packed, self._parts = "".join(self._parts), []
        data = _unpacked(packed)
        if data is None:
            self._cut.append(record.name)
        else:
            self._files[record.name] = data


def _unpacked(packed: str) -> bytes | None:
    """The bytes of a report; None when they are damaged or more than a run may report."""
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(packed, validate=True), REPORT_BYTES)
    except (binascii.Error, zlib.error):
        return None
    return data if unpacker.eof else None


def driver_source(steps: Sequence[Step], secret: str, wall_s: float) -> str:
    """The driver's text with its plan filled in."""
    plan = {"secret": secret, "wall_s": wall_s, "report_bytes": REPORT_BYTES, "steps": [asdict(step) for step in steps]}
    text = resources.files("repowright.executors.testing").joinpath("driver.py").read_text("utf-8")
    return text.replace('"@plan@"', repr(json.dumps(plan)))


def read_driver(output: str, secret: str) -> tuple[DriverStream, str]:
    """Split standard output into what the driver told and the rest; damaged records are left in the rest."""
    stream = DriverStream()

    def take(found: re.Match[str]) -> str:
        try:
            stream.add(_RECORD.validate_python(json.loads(found.group(1))))
        except (ValueError, ValidationError):
            return found.group(0)
        return ""

    rest = re.sub(f"\x1e{secret}([^\x1f]*)\x1f\n?", take, output)
    return stream, rest
