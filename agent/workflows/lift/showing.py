"""How code, files and areas are shown to the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from repowright.graph.encode.lift_units import LiftUnit
from repowright.graph.encode.lifter import AreaBrief, FileBrief, Route

_SHOWN_PHRASES = 12
NONE = "(none)"


def definitions(units: Mapping[str, LiftUnit]) -> str:
    """The definitions, each after a line with its id, path and name."""
    return "\n\n".join(f"@@ {one}: {unit.path}: {unit.qualname}\n{unit.text}" for one, unit in units.items())


def files(briefs: Mapping[str, FileBrief]) -> str:
    """The files with what they say of themselves and what their definitions are for."""
    return "\n\n".join(_file(one, brief) for one, brief in briefs.items())


def file_lines(briefs: Mapping[str, FileBrief]) -> str:
    """The files, a line each: id, path and summary, and the first features where there is no summary."""
    return "\n".join(f"@@ {one}: {brief.path}: {brief.summary}" for one, brief in briefs.items())


def areas(found: Sequence[AreaBrief]) -> str:
    """The areas with their purposes."""
    return "\n".join(f"- {area.name}: {area.purpose}" for area in found) or NONE


def places(tree: Sequence[Route]) -> str:
    """The places as paths, a line each."""
    return "\n".join(f"- {'/'.join((route.area, *route.categories))}" for route in tree) or NONE


def _file(one: str, brief: FileBrief) -> str:
    lines = [f"@@ {one}: {brief.path}"]
    if brief.doc:
        lines.append(f'"""{brief.doc}"""')
    lines += [f"- {phrase}" for phrase in brief.phrases[:_SHOWN_PHRASES]]
    left_out = len(brief.phrases) - _SHOWN_PHRASES
    return "\n".join([*lines, *([f"- and {left_out} more"] if left_out > 0 else [])])
