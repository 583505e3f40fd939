"""A translation as a LangGraph workflow: encode, lay out the crate, one unit after the other, mend, deliver."""

from __future__ import annotations

import asyncio
from typing import Literal

from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from repowright.agent.errors import UserError
from repowright.agent.events import Decision, StageEnd, StageProgress, StageStart, UnitEnd, UnitStart
from repowright.agent.events import Warning as Warned
from repowright.agent.workflows.translate.delivering import deliver
from repowright.agent.workflows.translate.mending import mend
from repowright.agent.workflows.translate.reach import ready
from repowright.agent.workflows.translate.records import WRITTEN, Judgement, UnitRecord, UnitState
from repowright.agent.workflows.translate.stages import STAGES
from repowright.agent.workflows.translate.state import TranslateState
from repowright.agent.workflows.translate.studio import Layout, Studio
from repowright.agent.workflows.translate.survey import compile_all
from repowright.agent.workflows.translate.tasks import Task
from repowright.agent.workflows.translate.translating import Unit, Version, translate_unit
from repowright.agent.workflows.translate.wanted import Wanted

Workflow = CompiledStateGraph[TranslateState, Studio, TranslateState, TranslateState]


class BadFrame(UserError):
    """The crate that would be filled does not compile as it is."""


async def encode_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Run the preprocessor, and tell what of the C is refused."""
    studio = runtime.context
    with studio.stage("encode"):
        compiled = await asyncio.to_thread(compile_all, studio.originals.project, studio.sandbox, studio.store)
    return {"compiled": compiled, "designed": "", "at": 0, "units": [], "mended": 0}


async def design_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Let the model design safe types and signatures; where that fails, the crate is typed as C is."""
    studio = runtime.context
    with studio.stage("design"):
        files, clusters = await studio.target.design(studio, await asyncio.to_thread(studio.encoded, state["compiled"]))
    if not files:
        studio.emit(Warned(message="no interface that compiles came of the design: the crate is typed as C is"))
    kept = studio.keep(clusters) if files and clusters is not None else ""
    return {"designed": studio.keep_files(files) if files else "", "clusters": kept}


async def skeleton_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Compile the crate before any model is asked, and find the tests that pass on stubs."""
    studio = runtime.context
    layout = await asyncio.to_thread(_layout, studio, state)
    _tell_plan(studio, layout)
    with studio.stage("skeleton"):
        files = dict(layout.frame.files)
        wanted = Wanted(tests=studio.target.has_tests(layout.frame), subject="the stubs")
        judgement = await studio.judge.judged(layout.frame, files, wanted)
    if not judgement.builds:
        what = "the given interface and its tests do" if layout.frame.given else "the skeleton made from the C does"
        told = next((line for error in judgement.errors for line in error.splitlines() if line.strip()), "")
        hint = "mend it, or leave it out" if layout.frame.given else "give an interface with --interface"
        raise BadFrame(f"{what} not compile: {told}", hint)
    vacuous = sorted(judgement.passed)
    # What fails on stubs for another reason than a stub is no unit's fault; the crate as a whole is held against it.
    start = judgement.model_copy(update={"passed": (), "pending": ()})
    return {"crate": studio.keep_files(files), "judgement": studio.keep(start), "vacuous": vacuous}


async def unit_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Translate the next unit; whatever comes of it, the rest goes on."""
    studio = runtime.context
    layout, now = _resumed(studio, state)
    task, at = layout.plan.tasks[state["at"]], state["at"]
    done = [studio.kept(each, UnitRecord) for each in state["units"]]
    unit = Unit(layout, task, now.files, now.judgement, _wanted(studio, layout, task, done, at))
    _tell_stage(studio, layout)
    studio.emit(UnitStart(unit=task.name, name=task.name, path=task.path))
    version, record = await translate_unit(studio, unit)
    _tell_unit(studio, record, task, version)
    _tell_progress(studio, at + 1, len(layout.plan.tasks))
    judgement = _carried(now.judgement, version.judgement)
    return {
        "crate": studio.keep_files(version.files),
        "judgement": studio.keep(judgement),
        "units": [*state["units"], studio.keep(record)],
        "at": at + 1,
    }


async def check_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Check the whole crate: every test, and every C program with all that is written in it."""
    studio = runtime.context
    layout, now = _resumed(studio, state)
    wanted = _whole(studio, layout, state)
    checked = await studio.judge.judged(layout.frame, now.files, wanted)
    return {"judgement": studio.keep(checked)}


async def mend_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Ask about tests that still fail, with everything that they reach."""
    studio = runtime.context
    layout, now = _resumed(studio, state)
    wanted = _whole(studio, layout, state)
    with studio.stage("mend"):
        better = await mend(studio, layout, now, wanted, state["mended"])
    return {
        "crate": studio.keep_files(better.files),
        "judgement": studio.keep(better.judgement),
        "mended": state["mended"] + 1,
    }


async def deliver_step(state: TranslateState, runtime: Runtime[Studio]) -> TranslateState:
    """Check the whole crate, and write it, the report, the record and the graph."""
    studio = runtime.context
    layout, now = _resumed(studio, state)
    with studio.stage("deliver"):
        units = [studio.kept(each, UnitRecord) for each in state["units"]]
        translation = await deliver(studio, layout, now.files, now.judgement, units, state.get("clusters", ""))
    return {"translation": studio.keep(translation)}


def build(checkpointer: BaseCheckpointSaver[str] | None) -> Workflow:
    """Build the workflow; a run that was ended at any point goes on from its last checkpoint."""
    builder = StateGraph(TranslateState, context_schema=Studio)
    builder.add_node("encode", encode_step)
    builder.add_node("design", design_step)
    builder.add_node("skeleton", skeleton_step)
    builder.add_node("translate", unit_step)
    builder.add_node("check", check_step)
    builder.add_node("mend", mend_step)
    builder.add_node("deliver", deliver_step)
    builder.add_edge(START, "encode")
    builder.add_conditional_edges("encode", _after_encode, ["design", "skeleton"])
    builder.add_edge("design", "skeleton")
    for step in ("skeleton", "translate"):
        builder.add_conditional_edges(step, _next_unit, ["translate", "check"])
    for step in ("check", "mend"):
        builder.add_conditional_edges(step, _after_all, ["mend", "deliver"])
    builder.add_edge("deliver", END)
    return builder.compile(checkpointer=checkpointer)


def _after_encode(state: TranslateState, runtime: Runtime[Studio]) -> Literal["design", "skeleton"]:
    studio = runtime.context
    return "design" if studio.idiomatic and studio.originals.interface is None else "skeleton"


def _layout(studio: Studio, state: TranslateState) -> Layout:
    return studio.layout(state["compiled"], state.get("designed", ""))


def _next_unit(state: TranslateState, runtime: Runtime[Studio]) -> Literal["translate", "check"]:
    tasks = _layout(runtime.context, state).plan.tasks
    return "translate" if state["at"] < len(tasks) else "check"


def _after_all(state: TranslateState, runtime: Runtime[Studio]) -> Literal["mend", "deliver"]:
    studio = runtime.context
    now = studio.kept(state["judgement"], Judgement)
    wrong = bool(now.failing or now.differences)
    return "mend" if wrong and state["mended"] < studio.settings.unit_repairs else "deliver"


def _resumed(studio: Studio, state: TranslateState) -> tuple[Layout, Version]:
    studio.judge.vacuous = frozenset(state["vacuous"])
    layout = _layout(studio, state)
    return layout, Version(studio.kept_files(state["crate"]), studio.kept(state["judgement"], Judgement))


def _wanted(studio: Studio, layout: Layout, task: Task, done: list[UnitRecord], at: int) -> Wanted:
    """Which checks a unit is worth: tests where it makes one possible, a swap where its signature is C's."""
    written = {item for unit in done if unit.state in WRITTEN for item in unit.items}
    before = [slot for slot in layout.frame.slots if str(slot) in written]
    reaches = layout.context.reaches
    newly = ready(reaches, [*before, *task.slots]) - ready(reaches, before)
    last = at == len(layout.plan.tasks) - 1 and studio.target.has_tests(layout.frame)
    names = tuple(sorted({key.name for key in task.members if key in layout.encoded.links.functions} - {"main"}))
    items = (
        ()
        if layout.frame.given or not names
        else studio.target.stand_ins(layout.encoded, {*layout.frame.settled, *before, *task.slots})
    )
    return Wanted(tests=bool(newly) or last, stand_ins=items, names=names, subject=task.name)


def _whole(studio: Studio, layout: Layout, state: TranslateState) -> Wanted:
    """The checks of the crate as a whole."""
    done = [studio.kept(each, UnitRecord) for each in state["units"]]
    written = {item for unit in done if unit.state in WRITTEN for item in unit.items}
    slots = [slot for slot in layout.frame.slots if str(slot) in written]
    items = () if layout.frame.given else studio.target.stand_ins(layout.encoded, [*layout.frame.settled, *slots])
    names = tuple(sorted({each.name for each in items}))
    tests = studio.target.has_tests(layout.frame)
    converting = studio.target.converting(studio, layout, state.get("clusters", ""))
    return Wanted(tests, items, names, studio.target.words.whole, layout.frame.given, converting)


def _carried(before: Judgement, now: Judgement) -> Judgement:
    """What is known of the tests where they were not run again."""
    if now.ran:
        return now
    kept = {"passed": before.passed, "failing": before.failing, "pending": before.pending}
    return now.model_copy(update=kept)


def _tell_stage(studio: Studio, layout: Layout) -> None:
    if studio.began is None:
        studio.began = studio.clock()
        title = dict(STAGES)["translate"]
        studio.emit(StageStart(stage="translate", title=title, total=len(layout.plan.tasks)))


def _tell_progress(studio: Studio, done: int, total: int) -> None:
    studio.emit(StageProgress(stage="translate", done=done, total=total))
    if done == total and studio.began is not None:
        studio.emit(StageEnd(stage="translate", seconds=studio.clock() - studio.began))


def _tell_plan(studio: Studio, layout: Layout) -> None:
    plan, frame = layout.plan, layout.frame
    left = [f"{each.key.path}: {each.key.name} {each.reason}" for each in plan.left_out]
    left += [str(each) for each in layout.encoded.refused if not each.name]
    why = "as the given interface has them" if frame.given else "typed as C types them"
    counted = ((len(plan.tasks), "unit"), (len(frame.slots), "item"))
    what = ", ".join(f"{number} {name}{'' if number == 1 else 's'}" for number, name in counted)
    what = f"{what}, {len(left)} not translated"
    left += [str(each) for each in layout.encoded.notes]
    studio.emit(Decision(stage="encode", subject=frame.name, what=what, why=why, evidence=left[:50]))


def _tell_unit(studio: Studio, record: UnitRecord, task: Task, version: Version) -> None:
    good = record.state in (UnitState.VERIFIED, UnitState.COMPILED)
    reason = record.reason
    if record.state is UnitState.COMPILED:
        reason = "it compiles; nothing that runs it has been run yet"
    studio.emit(
        UnitEnd(
            unit=task.name,
            name=task.name,
            path=task.path,
            state="verified" if good else "failed",
            tests=len(version.judgement.passed),
            attempts=record.attempts,
            reason=reason,
        )
    )
