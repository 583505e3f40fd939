"""``repowright bench repocraft control``: is the checker right on repositories whose score is known?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from repowright.benchmarks.repocraft.control.results import ArmRun
    from repowright.benchmarks.repocraft.control.session import ControlSession
    from repowright.benchmarks.repocraft.projects import Project
    from repowright.benchmarks.repocraft.tasks import TaskSet

_ARMS = ("real", "renamed", "stubbed", "empty")
_EPILOG = """\b
Examples:
  repowright bench repocraft control --project requests
  repowright bench repocraft control --project all --jobs 8 --out control
  repowright bench repocraft control --project sympy --tasks tasks/sympy.json --arm renamed --arm empty

Ends with 1 if an arm scores what it must not.
"""


@click.command(epilog=_EPILOG)
@click.option(
    "--project", "projects", multiple=True, required=True, metavar="NAME", help="One of the six, or all; repeatable."
)
@click.option(
    "--tasks",
    "source",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Tasks of the project; built with seed 0 if not given.",
)
@click.option("--arm", "arms", type=click.Choice(_ARMS), multiple=True, help="Arms to run; all four if not given.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "bubblewrap"]),
    default="auto",
    show_default=True,
    help="Where tests run.",
)
@click.option("--jobs", "-j", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Boxes at a time.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("control"),
    show_default=True,
    help="Folder of the results; an arm that lies there for the same tasks is not run again.",
)
@click.option("--measure", is_flag=True, help="Keep what the real project drops with the benchmark, for later builds.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object an arm.")
def control(
    projects: tuple[str, ...], source: Path | None, arms: tuple[str, ...], measure: bool, as_json: bool, **options: Any
) -> int:
    """Score the real project, a renamed copy, a stubbed copy and an empty repository, without a model.

    The tests run in a sandbox, in the project's environment as of 2025-09-20; the network is used to fetch that and the
    release, and is off while tests run. Of the real project, tasks whose tests pass twice are kept; the other arms run
    those.
    """
    names = _names(projects)
    if source is not None and len(names) != 1:
        raise click.UsageError("--tasks holds one project's tasks: name that project with --project")
    rows = [row for name in names for row in _project_rows(name, source, arms or _ARMS, measure, options)]
    click.echo("\n".join(map(_json, rows)) if as_json else _table(rows))
    return ExitCode.DONE if all(row.as_it_must for row in rows) else ExitCode.FAILING


def _names(projects: tuple[str, ...]) -> list[str]:
    from repowright.benchmarks.repocraft.projects import PROJECTS

    every = [project.name for project in PROJECTS]
    return list(dict.fromkeys(name for given in projects for name in (every if given == "all" else [given])))


def _project_rows(
    name: str, source: Path | None, arms: tuple[str, ...], measure: bool, options: dict[str, Any]
) -> list[ArmRun]:
    from repowright.benchmarks.repocraft.control.arms import Arm
    from repowright.benchmarks.repocraft.control.gold import measured_drops, write_drops
    from repowright.benchmarks.repocraft.projects import project_named

    project = project_named(name)
    rows = list(_session(project, source, options).run([Arm(arm) for arm in arms]))
    for row in rows:
        if measure and row.result.arm == Arm.REAL:
            write_drops(row.record.dropped, measured_drops(project))
    return rows


def _session(project: Project, source: Path | None, options: dict[str, Any]) -> ControlSession:
    from repowright.benchmarks.repocraft.control.session import ControlSession
    from repowright.benchmarks.repocraft.tasks import read_task_set

    return ControlSession(
        project,
        read_task_set(source) if source is not None else _built(project),
        options["out"],
        options["sandbox"],
        options["jobs"],
        lambda line: click.echo(line, err=True),
    )


def _built(project: Project) -> TaskSet:
    from repowright.benchmarks.repocraft.construction.building import Wanted, draw, gather, measured_drops, task_set
    from repowright.benchmarks.repocraft.construction.release import release_of

    release = release_of(project.name)
    wanted = Wanted(release)
    gathered = gather(release, measured_drops(release))
    return task_set(gathered, wanted, draw(gathered, wanted))


def _json(row: ArmRun) -> str:
    import json

    return json.dumps(
        {
            "project": row.result.project,
            "arm": row.result.arm,
            "sandbox": row.result.sandbox,
            "tasks": len(row.result.verdicts),
            "passed": row.result.passed,
            "states": row.states,
            "dropped": row.reasons,
            "cpu_s": row.record.cpu_s,
            "wall_s": row.record.wall_s,
            "as_it_must": row.as_it_must,
        }
    )


def _table(rows: list[ArmRun]) -> str:
    from repowright.benchmarks.repocraft.control.table import markdown_table

    return markdown_table(rows)
