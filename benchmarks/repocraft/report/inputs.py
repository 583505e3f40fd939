"""From paths to what a report is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from repowright.benchmarks.repocraft.construction.release import pinned_release
from repowright.benchmarks.repocraft.errors import ProjectUnknown, RepoCraftError, SourceUnavailable
from repowright.benchmarks.repocraft.measure.clustering import check_libraries
from repowright.benchmarks.repocraft.measure.embedding import Embedder, MiniLm
from repowright.benchmarks.repocraft.measure.errors import EmbeddingUnavailable, TreeUnreadable
from repowright.benchmarks.repocraft.measure.reference_tree import Leaf, read_tree, tree_file
from repowright.benchmarks.repocraft.projects import project_named
from repowright.benchmarks.repocraft.report.errors import ResultUnreadable
from repowright.benchmarks.repocraft.report.gather import Given
from repowright.benchmarks.repocraft.report.measured import Measured, measured
from repowright.benchmarks.repocraft.report.results import (
    Evaluation,
    as_ceiling,
    read_controls,
    read_evaluation,
    read_task_list,
)


@dataclass(frozen=True)
class Paths:
    """What a report is asked for.

    Parameters
    ----------
    results
        Files or folders of evaluations and of control arms.
    ceiling
        Evaluation of the real project, or of its renamed copy: judged the same way, it is what passes are divided by.
    control
        Folder of control arms.
    repository
        Sources of the repository under evaluation.
    real
        Sources of the real project, to be measured beside it; its pinned release if it is `None`.
    without_real
        Measure no real project.
    project
        Whose repository it is; needed where the results speak of several projects, or of none.
    graph
        The repository's graph; it is encoded if it is `None`.
    tree
        Reference features; those of the benchmark if it is `None`.
    tasks
        Files of tasks.
    """

    results: Sequence[Path] = ()
    ceiling: Path | None = None
    control: Path | None = None
    repository: Path | None = None
    real: Path | None = None
    without_real: bool = False
    project: str = ""
    graph: Path | None = None
    tree: Path | None = None
    tasks: Sequence[Path] = ()


def given(paths: Paths) -> list[Given]:
    """Read and measure all that a report is made of, a project each, in the order of their names.

    Raises
    ------
    ResultUnreadable
        If a file is malformed, or it is not said whose repository is measured.
    TreeUnreadable, EmbeddingUnavailable
        If a tree was named and coverage cannot be measured by it.
    """
    evaluations = [read_evaluation(path) for path in paths.results]
    if paths.ceiling is not None:
        evaluations.append(as_ceiling(read_evaluation(paths.ceiling)))
    tasks = {name: task for path in paths.tasks for name, task in read_task_list(path).items()}
    measured_project = _project_of(paths, evaluations)
    names = {each.result.project for each in evaluations} | ({measured_project} - {""})
    if not names:
        raise ResultUnreadable("there is nothing to report on", "name a result, or --repo and --project")
    found = []
    for name in sorted(names):
        repository, real, remarks = _code(paths, name) if name == measured_project else (None, None, ())
        found.append(
            Given(
                name,
                [each for each in evaluations if each.result.project == name],
                read_controls(paths.control, name) if paths.control else {},
                repository,
                real,
                {key: task for key, task in tasks.items() if task.project == name},
                remarks,
            )
        )
    return found


def _project_of(paths: Paths, evaluations: Sequence[Evaluation]) -> str:
    """Return the project whose code is measured; empty if none is."""
    if paths.project:
        return _known(paths.project)
    projects = {each.result.project for each in evaluations}
    if len(projects) == 1:
        return next(iter(projects))
    if paths.repository or paths.real:
        raise ResultUnreadable("the results do not say whose code is measured", "name the project with --project")
    return ""


def _known(name: str) -> str:
    try:
        return project_named(name).name
    except ProjectUnknown:
        return name


def _code(paths: Paths, project: str) -> tuple[Measured | None, Measured | None, tuple[str, ...]]:
    if not (paths.repository or paths.real):
        return None, None, ()
    for folder in (paths.repository, paths.real):
        if folder is not None and not folder.is_dir():
            raise ResultUnreadable(f"{folder} is no folder", "name the folder of a repository")
    leaves, embedder, remarks = _reference(paths, project)
    source, absent = _real(paths, project)
    repository = measured(paths.repository, leaves, embedder, paths.graph) if paths.repository else None
    real = measured(source, leaves, embedder) if source else None
    return repository, real, remarks + absent


def _real(paths: Paths, project: str) -> tuple[Path | None, tuple[str, ...]]:
    """Return the sources of the real project, or why there are none."""
    if paths.real is not None:
        return paths.real, ()
    if paths.without_real:
        return None, ("The real project was not measured: nothing says how much of its tree it covers itself.",)
    try:
        return pinned_release(project_named(project), user_cache_path("repowright") / "sdists").root, ()
    except (ProjectUnknown, SourceUnavailable) as err:
        return None, (f"The real project was not measured: {err}.",)


def _reference(paths: Paths, project: str) -> tuple[tuple[Leaf, ...], Embedder | None, tuple[str, ...]]:
    """Return what coverage is measured by; without it, why not, unless a tree was asked for."""
    try:
        check_libraries()
        return read_tree(paths.tree or tree_file(project_named(project))), MiniLm(), ()
    except (TreeUnreadable, EmbeddingUnavailable, ProjectUnknown) as err:
        if paths.tree is not None:
            raise
        return (), None, (_left_out(err),)


def _left_out(err: RepoCraftError) -> str:
    return f"Coverage and novelty are left out: {err}."
