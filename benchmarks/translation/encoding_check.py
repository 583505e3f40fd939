"""The front of the translation, without a model.

Over C projects: is every file read or refused with a reason, is the order valid, does the skeleton compile, does
the encoder agree with clang, which items of a given interface find their C function.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from repowright.agent.workflows.translate.checks.crate import is_own_code
from repowright.agent.workflows.translate.encoding import EncodedC, confirmed, raw_graph
from repowright.agent.workflows.translate.interface_map import map_interface
from repowright.agent.workflows.translate.preprocessing import Compiled, preprocess
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton
from repowright.agent.workflows.translate.units import order_units, violations
from repowright.benchmarks.translation.clang_truth import Clang
from repowright.benchmarks.translation.crate_box import check_crate
from repowright.benchmarks.translation.encoding_scores import Against, Score, against_clang
from repowright.executors import Sandbox
from repowright.repo_tools.c_source.errors import CSourceError
from repowright.repo_tools.c_source.project import CProject, read_project

FACTS = ("functions", "calls", "globals", "types", "sizes")


@dataclass(frozen=True, slots=True)
class Row:
    """What was measured of one project.

    Parameters
    ----------
    error
        Why the project as a whole was refused; empty if it was not.
    crossings
        Dependencies that the order does not put first.
    scores
        Against clang, by kind of fact: hits, extra, missed.
    """

    project: str
    error: str = ""
    files: int = 0
    refused_files: tuple[str, ...] = ()
    notes: int = 0
    functions: int = 0
    refused_functions: int = 0
    units: int = 0
    largest_unit: int = 0
    crossings: int = 0
    stubs: int = 0
    types: int = 0
    constants: int = 0
    not_in_skeleton: int = 0
    skeleton_compiles: bool = False
    skeleton_error: str = ""
    compared_files: int = 0
    clang_errors: tuple[str, ...] = ()
    scores: Mapping[str, Sequence[int]] | None = None
    told: tuple[str, ...] = ()
    interface_items: int = 0
    interface_matched: int = 0
    interface_compiles: bool = False
    interface_error: str = ""
    seconds: float = 0.0


def measure(folder: Path, interface: Path | None, sandbox: Sandbox, clang: Clang | None) -> Row:
    """Measure one project; a project that is refused as a whole gives a row with the reason."""
    started = time.monotonic()
    try:
        project = read_project(folder)
    except CSourceError as err:
        return Row(folder.name, error=str(err))
    compiled = preprocess(project, sandbox)
    encoded = confirmed(project, raw_graph(folder), compiled)
    units = order_units(encoded.graph)
    crate = build_skeleton(folder.name, encoded.units)
    verdict = check_crate(crate.files, sandbox) if crate.stubs else None
    against = against_clang(clang, folder, project, compiled, raw_graph(folder)) if clang else None
    given = _interface(interface, encoded, sandbox)
    return Row(
        folder.name,
        files=len(project.units),
        refused_files=tuple(str(each) for each in encoded.refused if not each.name),
        notes=len(encoded.notes),
        functions=len(encoded.links.functions),
        refused_functions=len({(each.path, each.name) for each in encoded.refused if each.name}),
        units=len(units),
        largest_unit=max((len(unit.members) for unit in units), default=0),
        crossings=len(violations(encoded.graph, units)),
        stubs=len(crate.stubs),
        types=crate.types,
        constants=crate.constants,
        not_in_skeleton=len(crate.refused),
        skeleton_compiles=verdict is not None and verdict.compiles,
        skeleton_error=verdict.error if verdict else _nothing(project, compiled),
        compared_files=against.compared if against else 0,
        clang_errors=against.clang_errors if against else (),
        scores=_numbers(against) if against else None,
        told=tuple(_told(against)) if against else (),
        interface_items=given[0],
        interface_matched=given[1],
        interface_compiles=given[2],
        interface_error=given[3],
        seconds=round(time.monotonic() - started, 1),
    )


def _nothing(project: CProject, compiled: Sequence[Compiled]) -> str:
    failed = sum(bool(each.problem) for each in compiled)
    return f"there is nothing to stub: {failed} of {len(project.units)} files are refused"


def _numbers(against: Against) -> dict[str, tuple[int, int, int]]:
    scores: dict[str, Score] = {name: getattr(against, name) for name in FACTS}
    return {name: (score.hits, score.extra, score.missed) for name, score in scores.items()}


def _told(against: Against) -> Iterator[str]:
    for name in FACTS:
        score: Score = getattr(against, name)
        yield from (f"{name}: {each}" for each in score.told)


def _interface(folder: Path | None, encoded: EncodedC, sandbox: Sandbox) -> tuple[int, int, bool, str]:
    """Items of a given interface, those that found a C function, whether it compiles, and why not."""
    if folder is None or not (folder / "src").is_dir():
        return 0, 0, False, "no interface is given"
    files = {
        path.relative_to(folder).as_posix(): path.read_text("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.suffix in (".rs", ".toml")
    }
    sources = {path: text for path, text in files.items() if is_own_code(path)}
    found = map_interface(sources, encoded.units)
    verdict = check_crate(
        {path: files[path] for path in files if "bin" not in path.split("/")}, sandbox, library_only=True
    )
    reason = f"needs the crate {verdict.missing_crate}" if verdict.missing_crate else verdict.error
    matched = len(found.matches)
    return matched + len(found.left_items), matched, verdict.compiles, reason


def summary(rows: Sequence[Row]) -> str:
    """The rows' sums as a Markdown table."""
    read = [row for row in rows if not row.error]
    compiled = sum(row.skeleton_compiles for row in rows)
    largest = max((row.largest_unit for row in read), default=0)
    made = [sum(getattr(row, name) for row in read) for name in ("stubs", "types", "constants")]
    items, matched = sum(row.interface_items for row in read), sum(row.interface_matched for row in read)
    facts: list[tuple[str, object]] = [
        ("projects", len(rows)),
        ("refused as a whole, with a reason", len(rows) - len(read)),
        ("C files", sum(row.files for row in read)),
        ("refused files, each with a reason", sum(len(row.refused_files) for row in read)),
        ("functions", sum(row.functions for row in read)),
        ("functions that stay in C, each with a reason", sum(row.refused_functions for row in read)),
        ("projects with a valid order", sum(row.crossings == 0 for row in read)),
        ("units; members of the largest", f"{sum(row.units for row in read)}; {largest}"),
        ("stubs, types, constants", ", ".join(map(str, made))),
        ("skeletons that compile", f"{compiled} ({100 * compiled / max(1, len(rows)):.1f} %)"),
        ("files compared with clang", sum(row.compared_files for row in read)),
        ("interface items; with a C function", f"{items}; {matched}"),
        ("interfaces that compile as given, without crates", sum(row.interface_compiles for row in read)),
    ]
    for name in FACTS:
        score = _sum(read, name)
        if not score.hits + score.extra + score.missed:
            continue
        told = f"{score.precision:.4f}, {score.recall:.4f} of {score.hits + score.missed}"
        facts.append((f"{name}: precision, recall", told))
    return "\n".join(["| | |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in facts)])


def _sum(rows: Sequence[Row], name: str) -> Score:
    total = Score()
    for row in rows:
        if row.scores:
            hits, extra, missed = row.scores[name]
            total += Score(hits, extra, missed)
    return total


def read_rows(path: Path) -> dict[str, Row]:
    """Rows that an earlier run wrote."""
    if not path.is_file():
        return {}
    rows = [Row(**json.loads(line)) for line in path.read_text("utf-8").splitlines() if line]
    return {row.project: row for row in rows}


def write_row(path: Path, row: Row) -> None:
    """Add a row to a file."""
    with path.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(row), sort_keys=True) + "\n")


def brief(row: Row) -> str:
    """Tell a row on one line."""
    if row.error:
        return f"{row.project}: {row.error}"
    state = "compiles" if row.skeleton_compiles else f"does not compile: {row.skeleton_error}"
    return f"{row.project}: {row.units} units, skeleton {state}, {row.seconds} s"
