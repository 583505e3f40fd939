"""``repowright bench repocraft build``: tasks from a real project's own tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.model_options import model_options

if TYPE_CHECKING:
    from repowright.benchmarks.repocraft.construction.building import Gathered, Wanted
    from repowright.benchmarks.repocraft.construction.counting import Counts
    from repowright.benchmarks.repocraft.tasks import TaskSet

_EPILOG = """\b
Examples:
  repowright bench repocraft build --project requests
  repowright bench repocraft build --project all --out tasks --seed 0
  repowright bench repocraft build --project ~/src/flask --count 30
  repowright bench repocraft build --project attrs==25.3.0 --model gpt-5-mini --budget 1usd
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--project",
    "projects",
    multiple=True,
    required=True,
    metavar="NAME",
    help="One of the six, all of them (all), a folder, or NAME or NAME==VERSION on the package index; may be repeated.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample; the same seed, the same bytes.")
@click.option("--count", type=click.IntRange(1), help="Tasks to draw; the paper's count, or 50 for other projects.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("tasks"),
    show_default=True,
    help="Folder for the task files, one a project.",
)
@model_options
@click.option("--json", "as_json", is_flag=True, help="The counts as JSON, one object a project.")
def build(projects: tuple[str, ...], seed: int, count: int | None, out: Path, as_json: bool, **options: Any) -> None:
    """Make tasks from a project's tests, by syntax alone: nothing of it is built, imported or run.

    With --model (or --replay) a model groups the tests into capabilities and describes them; without, groups come from
    classes and called names, and descriptions from a template. Every task says which.
    """
    rows = [_built(name, seed, count, out, options) for name in _names(projects)]
    click.echo(_json(rows) if as_json else _table(rows))


def _names(projects: tuple[str, ...]) -> list[str]:
    from repowright.benchmarks.repocraft.projects import PROJECTS

    every = [project.name for project in PROJECTS]
    return list(dict.fromkeys(name for given in projects for name in (every if given == "all" else [given])))


def _built(name: str, seed: int, count: int | None, out: Path, options: dict[str, Any]) -> Counts:
    from repowright.benchmarks.repocraft.construction.building import Wanted, draw, gather, measured_drops, task_set
    from repowright.benchmarks.repocraft.construction.counting import counts_of
    from repowright.benchmarks.repocraft.construction.release import release_of
    from repowright.benchmarks.repocraft.tasks import write_task_set
    from repowright.tui.amounts import count as count_of

    release = release_of(name)
    click.echo(f"{release.name} {release.version}: reading its tests", err=True)
    wanted = Wanted(release, seed, count)
    gathered = gather(release, measured_drops(release))
    if options["model"] is not None or options["replay"] is not None:
        tasks = _with_model(gathered, wanted, out, options)
    else:
        tasks = task_set(gathered, wanted, draw(gathered, wanted))
    path = out / f"{release.name}.json"
    write_task_set(tasks, path)
    row = counts_of(gathered, tasks)
    click.echo(
        f"{path}: {len(tasks.tasks)} of {count_of(wanted.tasks, 'task')}, {len(tasks.reserve)} in reserve", err=True
    )
    return row


def _with_model(gathered: Gathered, wanted: Wanted, out: Path, options: dict[str, Any]) -> TaskSet:
    """Ask a model for groups and words, and say on standard error what that took and where it was of no use."""
    import asyncio

    from repowright.benchmarks.repocraft.construction.with_model import build_with_model
    from repowright.tui.amounts import count, printable
    from repowright.tui.model_options import model_settings

    folder = out / f"{wanted.release.name}.recording"
    done = asyncio.run(build_with_model(gathered, wanted, model_settings(options), folder, options["replay"]))
    for problem in done.problems:
        click.echo(printable(problem), err=True)
    click.echo(
        f"{count(done.cost.calls, 'call')}, {done.cost.replayed} answered from a record, "
        f"{done.cost.tokens:,} tokens paid for; {folder} replays them",
        err=True,
    )
    return done.tasks


def _json(rows: list[Counts]) -> str:
    import dataclasses
    import json

    return "\n".join(
        json.dumps(dataclasses.asdict(row) | {"reasons": dict(row.reasons), "dropped": row.dropped}) for row in rows
    )


def _table(rows: list[Counts]) -> str:
    from repowright.benchmarks.repocraft.construction.counting import markdown_table

    return markdown_table(rows)
