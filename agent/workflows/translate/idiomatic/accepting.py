"""Which type clusters are accepted: they behave as the C does, their types lose nothing, and unsafe code falls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.agent.events import Decision
from repowright.agent.workflows.translate.checks import CheckName, Converting
from repowright.agent.workflows.translate.frame import crate_of
from repowright.agent.workflows.translate.idiomatic.blaming import blamed, reached_alone
from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord, RoundTrip
from repowright.agent.workflows.translate.idiomatic.clusters import Cluster, clusters_of
from repowright.agent.workflows.translate.idiomatic.converters import make_converters
from repowright.agent.workflows.translate.idiomatic.designing import Design, DesignedCluster
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes
from repowright.agent.workflows.translate.idiomatic.round_trips import round_trips
from repowright.agent.workflows.translate.idiomatic.standing import designed_conversions
from repowright.agent.workflows.translate.judging import digest
from repowright.agent.workflows.translate.records import Judgement, LadderStep, UnitRecord, UnitState
from repowright.agent.workflows.translate.skeleton.crate import Crate as Skeleton
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton
from repowright.agent.workflows.translate.slots import Slot
from repowright.agent.workflows.translate.studio import Files, Layout, Studio
from repowright.repo_tools.rust_source import count_unsafe

KIND = "round-trips"
_NAME = re.compile(r"\b([A-Za-z_]\w*)\(")


@dataclass(frozen=True)
class Whole:
    """What is known of the finished crate as a whole.

    Parameters
    ----------
    now
        Its judgement, the C programs' run on it included.
    units
        As the last checks show them.
    alone
        Functions that C programs call where a part of the crate is in them.
    """

    files: Files
    now: Judgement
    units: Sequence[UnitRecord]
    steps: Sequence[LadderStep]
    alone: frozenset[str] = frozenset()


async def accept(studio: Studio, layout: Layout, design: Design, whole: Whole) -> tuple[ClusterRecord, ...]:
    """Return a record of each cluster that was designed, with the reason where it is not accepted.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    if not design.clusters or not layout.frame.given:
        return ()
    types = ProjectTypes(layout.encoded.units)
    by_name = {each.name: each for each in clusters_of(layout.encoded, types)}
    pairs = [(by_name[each.name], each) for each in design.clusters if each.name in by_name]
    skeleton = await asyncio.to_thread(build_skeleton, layout.encoded.project.name, layout.encoded.units)
    trips = await _trips(studio, layout, design, types, whole.files, skeleton) if whole.now.builds else ()
    converting = designed_conversions(layout, design)
    faults = await blamed(studio, layout, [cluster for cluster, _ in pairs], whole.files, whole.now, converting)
    whole = replace(whole, alone=await _alone(studio, layout, [cluster for cluster, _ in pairs], whole, converting))
    found = tuple(_record(layout, cluster, told, trips, skeleton, whole, faults) for cluster, told in pairs)
    for each in found:
        what = "is accepted" if each.accepted else "is not accepted"
        studio.emit(Decision(stage="deliver", subject=each.name, what=what, why=each.reason or _proof(each)))
    return found


async def _alone(
    studio: Studio, layout: Layout, clusters: Sequence[Cluster], whole: Whole, converting: Converting | None
) -> frozenset[str]:
    if converting is None:
        return frozenset()
    return await reached_alone(studio, layout, clusters, whole.files, whole.now, converting)


def _proof(record: ClusterRecord) -> str:
    ran = sum(each.ran for each in record.round_trips)
    return f"it behaves as the C does; {ran} round trips, none failed" if ran else "it behaves as the C does"


async def _trips(
    studio: Studio, layout: Layout, design: Design, types: ProjectTypes, files: Files, skeleton: Skeleton
) -> tuple[RoundTrip, ...]:
    """The round trips of the finished crate, from this run's record if they are there."""
    key = f"{digest(files)[:32]}"
    kept = studio.record.get_text(KIND, key)
    if kept is not None:
        return ClusterRecord.model_validate_json(kept).round_trips
    specs = [each for cluster in design.clusters if cluster.spec for each in cluster.spec.types]
    own = crate_of(layout.frame, files).rust_files()
    converters = make_converters(specs, types, own, layout.encoded.units)
    layouts = skeleton.files["src/types.rs"].encode()
    found = await round_trips(studio.judge.bench, files, layouts, converters)
    studio.record.put_text(KIND, key, ClusterRecord(name="all", round_trips=found).model_dump_json())
    return found


def _record(
    layout: Layout,
    cluster: Cluster,
    told: DesignedCluster,
    trips: Sequence[RoundTrip],
    skeleton: Skeleton,
    whole: Whole,
    faults: Mapping[str, str],
) -> ClusterRecord:
    known = {each.type: each for each in trips}
    missing = told.why_none or "the SPEC does not name it"
    missing = missing if whole.now.builds else "the crate does not build"
    own = [known.get(each.name) or RoundTrip(type=each.name, reason=missing) for each in cluster.named_types]
    keys = {(key.path, key.name) for key in cluster.functions}
    before = [stub.signature for stub in skeleton.stubs if stub.kind == "function" and (stub.path, stub.name) in keys]
    record = ClusterRecord(
        name=cluster.name,
        types=tuple(each.name for each in cluster.named_types),
        functions=tuple(f"{key.path}:{key.name}" for key in cluster.functions),
        module=told.target,
        round_trips=tuple(own),
        unsafe_before=sum(count_unsafe(f"{each} {{}}".encode()).total for each in before),
        unsafe_after=count_unsafe(whole.files.get(told.target, b"")).total,
    )
    return record.model_copy(update={"reason": fault_of(layout.frame.slots, cluster, record, whole, faults)})


def fault_of(
    slots: Sequence[Slot], cluster: Cluster, record: ClusterRecord, whole: Whole, faults: Mapping[str, str]
) -> str:
    """Why a cluster is not accepted; empty where it is.

    Parameters
    ----------
    slots
        Items of the crate.
    faults
        What the C programs show, by cluster.
    """
    if not whole.now.builds:
        return "the crate does not build"
    wrong = _unwritten(slots, cluster, whole.units)
    if wrong:
        return wrong
    if record.unsafe_after and record.unsafe_after >= record.unsafe_before:
        return f"it holds {record.unsafe_after} unsafe places, the safe stage {record.unsafe_before}"
    if cluster.name in faults:
        return faults[cluster.name]
    differing = _differing(cluster, whole.steps)
    if differing:
        return f"calls with generated values differ: {differing}"
    failed = next((each for each in record.round_trips if each.failed), None)
    if failed is not None:
        return f"round trips of {failed.type} fail: {failed.told}"
    if not _compared(cluster, whole):
        return "no C program and no generated call came to it, so that nothing shows how it behaves"
    return ""


def _unwritten(slots: Sequence[Slot], cluster: Cluster, units: Sequence[UnitRecord]) -> str:
    items = {str(slot) for slot in slots if slot.origin in cluster.functions}
    for unit in units:
        if items & set(unit.items) and unit.state in (UnitState.STUB, UnitState.FAILING):
            return f"{unit.name} is {'not written' if unit.state is UnitState.STUB else 'not right'}: {unit.reason}"
    return ""


def _differing(cluster: Cluster, steps: Sequence[LadderStep]) -> str:
    """The first generated call of a cluster's function that Rust answers otherwise."""
    own = {key.name for key in cluster.functions}
    for step in steps:
        if step.check == CheckName.DIFFERENTIAL and step.verdict == "failed":
            for problem in step.problems:
                names = _NAME.findall(problem)
                if names and names[-1] in own:
                    return problem
    return ""


def _compared(cluster: Cluster, whole: Whole) -> bool:
    called = {*whole.now.reached, *whole.alone} if whole.now.swapped else set()
    called |= {name for step in whole.steps if step.check == CheckName.DIFFERENTIAL for name in step.functions}
    return bool(called & {key.name for key in cluster.functions})
