"""C's calls made again in Python, in a box of their own, and every result compared here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repowright.agent.workflows.translate.checks.bench import Bench, Command, ending
from repowright.agent.workflows.translate.checks.shapes import CallShape, Shape, ShapeKind
from repowright.agent.workflows.translate.python.box_script import CALLING
from repowright.agent.workflows.translate.python.calls import Calls
from repowright.agent.workflows.translate.wanted import StandIn

MOST_TOLD = 3
"""Differences that are told of one function."""
_SHOWN_CALLS = 8
Call = dict[str, Any]


@dataclass(frozen=True)
class Compared:
    """How Python did on C's calls.

    Parameters
    ----------
    counts
        Calls that were compared, by C function.
    differences
        By the C function at which they show.
    problem
        Why nothing is known; empty where it is.
    """

    counts: Mapping[str, int]
    differences: Mapping[str, tuple[str, ...]]
    problem: str = ""


async def compare(
    bench: Bench, files: Mapping[str, bytes], calls: Calls, items: Sequence[StandIn], names: Sequence[str]
) -> Compared:
    """Make the calls of C's functions of these names, and all that belongs to the same structures.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    there = _unique(items)
    runs = _runs(calls, there, set(names))
    if not runs:
        return Compared({}, {}, calls.problem or "no call of C comes to it")
    spec = [_spec(shape, there.get(shape.name)) for shape in calls.shapes]
    inputs = [[{key: each[key] for key in ("at", "new", "op", "args")} for each in run] for run in runs]
    used = {call["op"] for run in runs for call in run}
    # A module that no call comes to is not imported for it.
    listed = [each if number in used and each else _NOTHING for number, each in enumerate(spec)]
    asked = json.dumps({"spec": listed, "runs": inputs})
    beside = {"calling.py": CALLING.encode(), "calls.json": asked.encode()}
    run = await bench.run({**files, **beside}, [Command((bench.python, "-B", "calling.py"))], ["results.jsonl"])
    if run.last.exit_code != 0:
        return Compared({}, {}, f"the calls of Python did not run: {ending(run.last)}")
    return _compared(calls, runs, _results(run.files.get("results.jsonl", b"")))


_NOTHING = {"module": "json", "name": "", "kinds": [], "result": "none", "written": []}


def _unique(items: Sequence[StandIn]) -> dict[str, StandIn]:
    """Functions by their names in C; where two files have one of a name, neither is called."""
    names = [each.name for each in items]
    return {each.name: each for each in items if names.count(each.name) == 1}


def _runs(calls: Calls, there: Mapping[str, StandIn], names: set[str]) -> list[list[Call]]:
    """C's calls, those of each of its processes together, as far as Python has the functions."""
    found: dict[int, list[Call]] = {}
    broken = False
    for at, line in enumerate(calls.lines):
        call = {**json.loads(line), "at": at}
        name = calls.shapes[call["op"]].name
        broken = (broken and not call["new"]) or name not in there
        if not broken:
            found.setdefault(call["run"], []).append(call)
    wanted = {number for number, shape in enumerate(calls.shapes) if shape.name in names}
    return [run for run in found.values() if any(call["op"] in wanted for call in run)]


def _spec(shape: CallShape, item: StandIn | None) -> dict[str, Any] | None:
    if item is None:
        return None
    written = [
        number
        for number, each in enumerate(shape.parameters)
        if each.writable and each.kind in (ShapeKind.BUFFER, ShapeKind.CELL)
    ]
    module = item.path.removesuffix(".py").replace("/", ".")
    kinds = [_kind(each) for each in shape.parameters]
    return {"module": module, "name": item.item, "kinds": kinds, "result": _result_kind(shape), "written": written}


def _kind(shape: Shape) -> str:
    if shape.kind is ShapeKind.HANDLE:
        return "handle"
    assert shape.scalar is not None
    real = shape.scalar.kind == "float"
    if shape.kind in (ShapeKind.SCALAR, ShapeKind.LENGTH):
        return "float" if real else "int"
    if shape.kind is ShapeKind.TEXT or (shape.scalar.bits == 8 and not shape.writable):
        return "bytes"
    return "bytearray" if shape.scalar.bits == 8 else "floats" if real else "ints"


def _result_kind(shape: CallShape) -> str:
    if shape.result is None:
        return "none"
    if shape.result.kind is ShapeKind.HANDLE:
        return "handle"
    if shape.result.kind is ShapeKind.TEXT or shape.result.scalar is None:
        return "text"
    return "float" if shape.result.scalar.kind == "float" else "int"


def _results(data: bytes) -> dict[int, Call]:
    found: dict[int, Call] = {}
    for line in data.decode("utf-8", "replace").splitlines():
        try:
            read = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(read, dict) and isinstance(read.get("at"), int):
            found[read["at"]] = read
    return found


def _compared(calls: Calls, runs: Sequence[Sequence[Call]], results: Mapping[int, Call]) -> Compared:
    counts: dict[str, int] = {}
    told: dict[str, list[str]] = {}
    for run in runs:
        before: list[Call] = []
        broken = False
        for call in run:
            before = [call] if call["new"] else [*before, call]
            broken = broken and not call["new"]
            if broken:
                continue
            shape = calls.shapes[call["op"]]
            got = results.get(call["at"], {"raises": "stops the process"})
            if got.get("pending"):
                broken = True
                continue
            counts[shape.name] = counts.get(shape.name, 0) + 1
            why = _difference(shape, call, got)
            if why:
                broken = True
                told.setdefault(shape.name, []).append(f"{_shown(calls, before)}: {why}")
            if "at" not in got:
                break  # the process is gone, and what follows with it
    differences = {name: tuple(dict.fromkeys(each))[:MOST_TOLD] for name, each in told.items()}
    return Compared(counts, differences)


def _difference(shape: CallShape, call: Call, got: Call) -> str:
    if "raises" in got:
        return f"C gives {_value(call['result'])}, the Python {got['raises']}"
    close = 1e-5 if shape.result is not None and shape.result.scalar and shape.result.scalar.bits == 32 else 1e-9
    if not _same(call["result"], got.get("result"), close):
        return f"C gives {_value(call['result'])}, the Python {_value(got.get('result'))}"
    left = got.get("left")
    for number, (wanted, found) in enumerate(zip(call["left"], left if isinstance(left, list) else [], strict=False)):
        if not _same(wanted, found, 1e-5):
            return f"C leaves {_value(wanted)} in its written argument {number + 1}, the Python {_value(found)}"
    return ""


def _same(wanted: Any, found: Any, close: float) -> bool:
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(wanted) != len(found):
            return False
        return all(_same(one, other, close) for one, other in zip(wanted, found, strict=True))
    if isinstance(wanted, str):
        return _same_real(wanted, found, close)
    return bool(wanted == found)


def _same_real(wanted: str, found: Any, close: float) -> bool:
    try:
        one, other = float.fromhex(wanted), float.fromhex(found) if isinstance(found, str) else float(found)
    except (TypeError, ValueError, OverflowError):
        return False
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other or abs(one - other) <= close * (abs(one) + abs(other))


def _shown(calls: Calls, made: Sequence[Call]) -> str:
    texts = []
    for call in made[-_SHOWN_CALLS:]:
        shape = calls.shapes[call["op"]]
        handles = [each.kind is ShapeKind.HANDLE for each in shape.parameters]
        values = [
            "struct" if is_handle else _value(value) for is_handle, value in zip(handles, call["args"], strict=True)
        ]
        texts.append(f"{shape.name}({', '.join(values)})")
    return "; ".join(["...", *texts] if len(made) > _SHOWN_CALLS else texts)


def _value(value: Any) -> str:
    if isinstance(value, str):
        try:
            return repr(float.fromhex(value))
        except ValueError:
            return value
    if isinstance(value, list):
        shown = ", ".join(_value(each) for each in value[:24])
        return f"[{shown}{', ...' if len(value) > 24 else ''}]"
    return "null" if value is None else "a struct" if value is True else str(value)
