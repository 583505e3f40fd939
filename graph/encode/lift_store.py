"""Lifting a stored graph: what a model says is kept beside it by content, and laid over its nodes and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ormsgpack

from repowright.graph.encode import lift_memory
from repowright.graph.encode.areas import Group
from repowright.graph.encode.lift_memory import ReadSource
from repowright.graph.encode.lift_places import Placed, lifted_groups
from repowright.graph.encode.lifter import Lifter
from repowright.graph.encode.lifting import Lifted, LiftFile, lift, recall
from repowright.graph.encode.skeleton import group_nodes, plan_skeleton
from repowright.graph.store import FileRow, GroupRow, Store

__all__ = ["LiftReport", "ReadSource", "lift_stored", "recall_stored"]


@dataclass(frozen=True)
class LiftReport:
    """What lifting a stored graph took.

    Parameters
    ----------
    units
        Definitions and files that were looked at for a feature by a model.
    lifted
        Those of them that have one.
    asked
        Texts and routes that the model wrote now.
    changed
        Nodes whose feature is another one now.
    areas
        Areas the model found; 0 where areas are those of the model-free plan.
    problems
        Pairs of what failed and why; it keeps its model-free feature or place.
    """

    units: int
    lifted: int
    asked: int
    changed: int
    areas: int
    problems: tuple[tuple[str, str], ...] = ()


async def lift_stored(store: Store, read: ReadSource, lifter: Lifter | None = None) -> LiftReport:
    """Give a stored graph the features, areas and places that a model finds; only what is not known is asked for.

    Parameters
    ----------
    read
        Gives the content of a file, in the state that the graph stands for.
    lifter
        `None` to ask no model; as `recall_stored`.

    Raises
    ------
    StoreError
        If the store cannot be read or written.
    Exception
        What the lifter raises; what was answered before is kept.
    """
    if lifter is None:
        return recall_stored(store, read)
    with store.reading():
        rows = lift_memory.product_files(store)
        memory = lift_memory.read_memory(store)
        files = lift_memory.open_files(store, rows.values(), memory.texts, read)

    def keep(texts: Mapping[str, str]) -> None:
        with store.writing():
            lift_memory.write_texts(store, texts, lifter.model)

    lifted = await lift(files, memory, lifter, keep)
    with store.writing():
        changed = _lay_over(store, rows, files, lifted)
        lift_memory.write_places(store, lifted)
        _settle(store, plan_skeleton(store.files()), lifted.placed)
    return _report(files, lifted, changed)


def recall_stored(store: Store, read: ReadSource) -> LiftReport:
    """Put back what a model once said of source that is the same; run it after every update of a lifted graph.

    Only files that are new or different are looked at.

    Raises
    ------
    StoreError
        If the store cannot be read or written.
    """
    with store.writing():
        rows = lift_memory.product_files(store)
        paths, gone = lift_memory.changed_paths(store, rows)
        plan = store.groups()
        if not paths and not gone and lift_memory.groups_are_settled(store, plan):
            return LiftReport(0, 0, 0, 0, 0)
        memory = lift_memory.read_memory(store)
        files = lift_memory.open_files(store, (rows[path] for path in paths), memory.texts, read)
        lifted = recall(files, memory, rows)
        changed = _lay_over(store, rows, files, lifted)
        lift_memory.write_places(store, lifted)
        if not lift_memory.groups_are_settled(store, plan):
            _settle(store, plan, lifted.placed)
    return _report(files, lifted, changed)


def _report(files: Sequence[LiftFile], lifted: Lifted, changed: int) -> LiftReport:
    units = sum(len(file.units) + file.says_something for file in files)
    return LiftReport(units, len(lifted.features), lifted.asked, changed, len(lifted.areas), lifted.problems)


def _lay_over(store: Store, rows: Mapping[str, FileRow], files: Sequence[LiftFile], lifted: Lifted) -> int:
    """Write features into the nodes of files that are still what was lifted; return how many are different now."""
    now = store.files()
    same = [file for file in files if (row := now.get(file.path)) and row.content == rows[file.path].content]
    _, gone = lift_memory.changed_paths(store, now)
    lift_memory.write_keys(store, same, rows, gone)
    return sum(_lay_over_file(store, rows[file.path].number, lifted.features) for file in same)


def _lay_over_file(store: Store, number: int, features: Mapping[str, str]) -> int:
    nodes = ormsgpack.unpackb(store.nodes(number) or b"\x90")
    changed = 0
    for row in nodes:
        feature = features.get(row[0], row[3])
        changed += feature != row[3]
        row[3] = feature
    if changed:
        store.put_nodes([(number, ormsgpack.packb(nodes))])
    return changed


def _settle(store: Store, plan: Sequence[GroupRow], placed: Mapping[str, Placed]) -> None:
    """Write a model-free plan with the files where a model wants them."""
    before = store.groups()
    after = [GroupRow(*group) for group in lifted_groups([Group(*group) for group in plan], placed)]
    if before != after:
        store.put_groups(after)
        growth = len(group_nodes(after)[0]) - len(group_nodes(before)[0])
        store.put_meta({"nodes": str(int(store.meta().get("nodes", 1)) + growth)})
    lift_memory.write_settled(store, after)
