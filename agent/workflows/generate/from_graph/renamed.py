"""A repository under another name."""

from __future__ import annotations

from dataclasses import replace

from repowright.agent.workflows.generate.from_graph.naming import Renamer
from repowright.agent.workflows.generate.from_graph.original import Area, Definition, Feature, Original, OriginalFile


def renamed(original: Original, rename: Renamer) -> Original:
    """Return the repository with its name replaced in every path, name and text; ids and origins stay."""
    if not rename.active:
        return original
    return replace(
        original,
        package=rename(original.package),
        purpose=rename(original.purpose),
        areas=tuple(Area(rename(area.name), rename(area.purpose)) for area in original.areas),
        files=tuple(_file(file, rename) for file in original.files),
        needs={rename(path): tuple(map(rename, needed)) for path, needed in original.needs.items()},
    )


def _file(file: OriginalFile, rename: Renamer) -> OriginalFile:
    return replace(
        file,
        path=rename(file.path),
        area=rename(file.area),
        category=rename(file.category),
        purpose=rename(file.purpose),
        units=tuple(_unit(unit, rename) for unit in file.units),
        entry=rename(file.entry),
    )


def _unit(unit: Definition, rename: Renamer) -> Definition:
    features = tuple(Feature(rename(one.phrase), rename(one.detail)) for one in unit.features)
    return replace(unit, name=rename(unit.name), features=features)
