"""Which cluster is at fault where the C programs behave otherwise: Rust is put in for one after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from repowright.agent.workflows.translate.checks import Converting, CProgram, Crate, SwapCheck, Swapped
from repowright.agent.workflows.translate.frame import crate_of
from repowright.agent.workflows.translate.idiomatic.clusters import Cluster
from repowright.agent.workflows.translate.judging import digest
from repowright.agent.workflows.translate.records import Judgement
from repowright.agent.workflows.translate.studio import Files, Layout, Studio

KIND = "cluster-swap"


async def blamed(
    studio: Studio,
    layout: Layout,
    clusters: Sequence[Cluster],
    files: Files,
    now: Judgement,
    converting: Converting | None = None,
) -> dict[str, str]:
    """Return why clusters do not behave as the C does, by name; nothing where the C programs do as before.

    A cluster is put into the C programs with all that it needs. Where these do otherwise and do not without it, it is
    at fault; where they do otherwise already without it, that is told.

    Parameters
    ----------
    converting
        Makes the converters that wrappers use.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    program = studio.judge.program
    if not now.differences or program is None:
        return {}
    crate = replace(crate_of(layout.frame, files), origin=program)
    by_name = {each.name: each for each in clusters}
    faults: dict[str, str] = {}
    for cluster in clusters:
        told = await _told(studio, crate, program, _functions(cluster, by_name), converting)
        if told:
            before = [each for each in cluster.needs if each in faults]
            faults[cluster.name] = f"it works on {before[0]}, which is not right" if before else told
    return faults or {each.name: f"the C programs differ: {now.differences[0]}" for each in clusters}


async def reached_alone(
    studio: Studio, layout: Layout, clusters: Sequence[Cluster], files: Files, now: Judgement, converting: Converting
) -> frozenset[str]:
    """Return the functions that C programs call where a cluster and what it needs are all the Rust in them.

    Rust calls Rust without a wrapper: with the whole crate in them, programs may not be seen to come to a cluster.

    Raises
    ------
    SandboxError
        If no box can be had.
    """
    program = studio.judge.program
    if program is None or not now.swapped:
        return frozenset()
    crate = replace(crate_of(layout.frame, files), origin=program)
    by_name, found = {each.name: each for each in clusters}, set[str]()
    for cluster in clusters:
        if {key.name for key in cluster.functions} & {*now.reached, *found}:
            continue
        names = _functions(cluster, by_name)
        key = f"{_key(crate, names, converting)}-reached"
        kept = studio.record.get_text(KIND, key)
        if kept is None:
            done = await SwapCheck(studio.judge.bench, names, converting).swap(crate, program)
            same = all(each.same for each in done.runs if each.built)
            kept = "\n".join(name for name, count in done.hits.items() if count and same)
            studio.record.put_text(KIND, key, kept)
        found |= set(kept.split())
    return frozenset(found)


def _functions(cluster: Cluster, by_name: Mapping[str, Cluster]) -> frozenset[str]:
    """Names of the functions of a cluster and of all that it needs."""
    found, waiting = {cluster.name}, [cluster]
    while waiting:
        for name in waiting.pop().needs:
            if name in by_name and name not in found:
                found.add(name)
                waiting.append(by_name[name])
    return frozenset(key.name for name in found for key in by_name[name].functions)


async def _told(
    studio: Studio, crate: Crate, program: CProgram, names: frozenset[str], converting: Converting | None
) -> str:
    """How the C programs differ with Rust for these functions; from this run's record if that is there."""
    key = _key(crate, names, converting)
    kept = studio.record.get_text(KIND, key)
    if kept is None:
        kept = _difference(await SwapCheck(studio.judge.bench, names, converting).swap(crate, program))
        studio.record.put_text(KIND, key, kept)
    return kept


def _key(crate: Crate, names: frozenset[str], converting: Converting | None) -> str:
    converters = converting(crate).digest if converting is not None else ""
    return hashlib.sha256(f"{digest(crate.files)} {sorted(names)}{converters}".encode()).hexdigest()[:32]


def _difference(found: Swapped) -> str:
    wrong = [f"{each.main}: {each.told}" for each in found.runs if each.built and not each.same]
    return f"the C programs differ with it in them: {wrong[0]}" if wrong and sum(found.hits.values()) else ""
