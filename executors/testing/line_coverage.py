"""Line coverage as the tools of different languages write it, in one form."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pydantic import BaseModel, TypeAdapter, ValidationError

from repowright.executors.testing.report import FileCoverage

WORKSPACE = "/workspace/"
Counts = dict[str, dict[int, int]]
"""How often each line ran, by path relative to the workspace."""


class _Position(BaseModel):
    line: int


class _Range(BaseModel):
    start: _Position


class _IstanbulFile(BaseModel):
    path: str
    statementMap: dict[str, _Range]
    s: dict[str, int]


class _GcovLine(BaseModel):
    line_number: int
    count: int


class _GcovFile(BaseModel):
    file: str
    lines: tuple[_GcovLine, ...]


class _GcovUnit(BaseModel):
    current_working_directory: str
    files: tuple[_GcovFile, ...]


_ISTANBUL: TypeAdapter[dict[str, _IstanbulFile]] = TypeAdapter(dict[str, _IstanbulFile])


def read_istanbul(data: bytes, folder: str) -> Mapping[str, FileCoverage] | None:
    """Read ``coverage-final.json`` of jest or vitest; None when it is damaged."""
    try:
        files = _ISTANBUL.validate_json(data)
    except ValidationError:
        return None
    counts: Counts = defaultdict(dict)
    for file in files.values():
        for key, where in file.statementMap.items():
            _add(counts[_relative(file.path)], where.start.line, file.s.get(key, 0))
    return covered(counts, folder)


def read_lcov(data: bytes, folder: str) -> Mapping[str, FileCoverage]:
    """Read a tracefile of lcov, as node and cargo-llvm-cov write it."""
    counts: Counts = defaultdict(dict)
    path = ""
    for line in data.decode("utf-8", "replace").splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            path = _relative(rest.strip())
        elif kind == "DA" and path:
            number, _, times = rest.partition(",")
            times = times.partition(",")[0]
            if number.isdigit() and times.isdigit():
                _add(counts[path], int(number), int(times))
    return covered(counts, folder)


def read_gcov(data: bytes, folder: str) -> Mapping[str, FileCoverage]:
    """Read what ``gcov --json-format --stdout`` wrote, one document a line; damaged lines are left out."""
    counts: Counts = defaultdict(dict)
    for text in data.splitlines():
        try:
            unit = _GcovUnit.model_validate(json.loads(text))
        except (ValueError, ValidationError):
            continue
        for file in unit.files:
            path = file.file if file.file.startswith("/") else f"{unit.current_working_directory}/{file.file}"
            for line in file.lines:
                _add(counts[_relative(path)], line.line_number, line.count)
    return covered(counts, folder)


def covered(counts: Counts, folder: str) -> Mapping[str, FileCoverage]:
    """The files below ``folder``, in order of their paths."""
    return {path: _lines(lines) for path, lines in sorted(counts.items()) if _below(path, folder)}


def merged(parts: Iterable[Mapping[str, FileCoverage]]) -> Mapping[str, FileCoverage]:
    """Lines that any of several runs executed."""
    counts: Counts = defaultdict(dict)
    for part in parts:
        for path, lines in part.items():
            for number in lines.missing:
                _add(counts[path], number, 0)
            for number in lines.executed:
                _add(counts[path], number, 1)
    return covered(counts, ".")


def _add(lines: dict[int, int], number: int, times: int) -> None:
    lines[number] = lines.get(number, 0) + times


def _lines(counts: Mapping[int, int]) -> FileCoverage:
    executed = tuple(sorted(number for number, times in counts.items() if times))
    return FileCoverage(executed, tuple(sorted(number for number, times in counts.items() if not times)))


def _below(path: str, folder: str) -> bool:
    folder = folder.strip("/").removeprefix("./")
    outside = path.startswith(("/", "..")) or "node_modules/" in path
    return not outside and (folder in {"", "."} or path == folder or path.startswith(f"{folder}/"))


def _relative(path: str) -> str:
    return path.removeprefix(WORKSPACE)
