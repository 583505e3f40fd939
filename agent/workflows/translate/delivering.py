"""The last stage: the crate where the user wants it, the report, the record and the graph in the run's folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import OutFolderError
from repowright.agent.events import Decision, FileWritten
from repowright.agent.workflows.translate.encoding import Refusal
from repowright.agent.workflows.translate.records import (
    Judgement,
    LadderStep,
    RefusedUnit,
    Translation,
    UnitRecord,
)
from repowright.agent.workflows.translate.report import report_text
from repowright.agent.workflows.translate.settling import settled
from repowright.agent.workflows.translate.stages import REPORT
from repowright.agent.workflows.translate.studio import Files, Layout, Studio
from repowright.agent.workflows.translate.subject import Subject
from repowright.agent.workflows.translate.target import Ending
from repowright.agent.workflows.translate.translated_graph import translated_graph
from repowright.graph.serial import to_json

RECORD = "translation.json"
IN_CRATE = "TRANSLATION.md"
_BEHAVIOUR = ("swap", "differential", "sanitizer")


async def deliver(
    studio: Studio, layout: Layout, files: Files, now: Judgement, units: Sequence[UnitRecord], designed: str
) -> Translation:
    """Check and measure the crate, write it and all that is told of it, and return the record.

    Parameters
    ----------
    designed
        Address of what was designed of the interface; empty where nothing was.

    Raises
    ------
    SandboxError
        If no box can be had.
    OutFolderError
        If the crate cannot be written where it was asked for.
    """
    steps = await studio.target.climb(studio, layout, files, now)
    done = settled(units, layout, now)
    end = Ending(files, now, done, tuple(steps))
    clusters = await studio.target.accept(studio, layout, designed, end)
    subject = Subject.of(studio.run.spec())
    translation = Translation(
        title=subject.title,
        source=subject.source,
        crate=layout.frame.name,
        target=studio.target.name,
        interface=_interface(studio, layout),
        metrics=studio.target.metrics(studio, layout, end),
        units=done,
        refused=tuple(_refused(layout)),
        notes=tuple(_as_refused(layout.encoded.notes)),
        ladder=tuple(steps),
        clusters=clusters,
        failing=now.failing,
        differences=tuple(_differences(steps)),
        faults=_counted(unit.faults for unit in done),
        form=_counted(unit.notes for unit in done),
    )
    _write(studio, layout, files, translation)
    return translation


def _interface(studio: Studio, layout: Layout) -> Literal["given", "designed", "generated"]:
    if studio.originals.interface is not None:
        return "given"
    return "designed" if layout.frame.given else "generated"


def _refused(layout: Layout) -> list[RefusedUnit]:
    files = _as_refused(each for each in layout.encoded.refused if not each.name)
    units = [
        RefusedUnit(path=each.key.path, name=each.key.name, line=each.line, code=each.code, reason=each.reason)
        for each in layout.plan.left_out
    ]
    return [*files, *units]


def _as_refused(refusals: Iterable[Refusal]) -> list[RefusedUnit]:
    return [
        RefusedUnit(path=each.path, name=each.name, line=each.line, code=each.code, reason=each.reason)
        for each in refusals
    ]


def _differences(steps: Sequence[LadderStep]) -> list[str]:
    found = [step for step in steps if step.check in _BEHAVIOUR and step.verdict == "failed"]
    return [f"{step.check}: {problem}" for step in found for problem in step.problems or (step.told,)]


def _counted(kinds: Iterable[Sequence[str]]) -> dict[str, int]:
    counts = Counter(kind for each in kinds for kind in each)
    return dict(sorted(counts.items()))


def _write(studio: Studio, layout: Layout, files: Files, translation: Translation) -> None:
    report = report_text(translation).encode()
    run = studio.run
    write_atomically(run.folder / REPORT, report)
    write_atomically(run.folder / RECORD, f"{translation.model_dump_json(indent=1)}\n".encode())
    graph = translated_graph(layout, files, translation.units)
    write_atomically(run.graph, to_json(graph).encode())
    delivered = {**files, IN_CRATE: report}
    put_out(delivered, run.out)
    for path in sorted(delivered):
        studio.emit(FileWritten(path=path, lines=delivered[path].count(b"\n")))
    evidence = [f"{unit.name}: {unit.reason}" for unit in translation.units if unit.reason][:10]
    what = "translated" if translation.is_complete else "translated in part"
    why = f"{translation.metrics.verified} of {translation.metrics.units} units are verified"
    studio.emit(Decision(stage="deliver", subject=translation.crate, what=what, why=why, evidence=evidence))


def put_out(files: Mapping[str, bytes], out: Path) -> None:
    """Write a crate into a folder; what an earlier, ended try left there is written anew.

    Raises
    ------
    OutFolderError
        If it cannot be written.
    """
    try:
        for path, data in sorted(files.items()):
            target = out / path
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, data)
    except OSError as err:
        raise OutFolderError(f"cannot write {out}: {err.strerror}", "make room or choose another --out") from err
