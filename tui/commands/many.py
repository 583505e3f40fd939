"""``repowright many``: many commands at once, on this machine or on a cluster."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from repowright.tui.exit_codes import ExitCode

if TYPE_CHECKING:
    from repowright.agent.scale import Finished, Fleet

_EPILOG = """\b
Example:
  printf '%s\\n' 'generate a.md --budget 2usd' 'generate b.md --budget 2usd' > todo.txt
  repowright many todo.txt --jobs 2 --out runs
  repowright many todo.txt --ray ray://head:10001 --out /shared/runs

Ends with 0 if every command did, else with 1.
"""


@click.command(epilog=_EPILOG)
@click.argument("script", type=click.File(encoding="utf-8"), metavar="FILE")
@click.option("--jobs", "-j", type=click.IntRange(1), default=1, show_default=True, help="Processes at a time.")
@click.option("--ray", metavar="ADDRESS", help="Run them on this Ray cluster; local starts one on this machine.")
@click.option("--resumes", type=click.IntRange(0), default=2, show_default=True, help="Tries after a process died.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="many",
    show_default=True,
    help="Where the folders go.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a command.")
def many(script: IO[str], jobs: int, ray: str | None, resumes: int, out: Path, as_json: bool) -> int:
    """Run the commands of FILE, one a line, each in a process and a folder of its own.

    A line is what would be typed behind repowright. Files it names are looked up beside FILE; what it writes goes into
    OUT/<number>-<word>, with its output in output.log and its runs in home. A process that dies is resumed.
    """
    from repowright.agent.scale import run_many
    from repowright.agent.scale.script import read_script

    base = Path(script.name).resolve().parent if script.name != "<stdin>" else Path.cwd()
    commands = read_script(script.read(), base, out)
    finished = run_many(commands, _fleet(jobs, ray, resumes), lambda one: click.echo(_line(one, as_json)))
    return ExitCode.DONE if all(one.exit_code == 0 for one in finished) else ExitCode.FAILING


def _fleet(jobs: int, ray: str | None, resumes: int) -> Fleet:
    from repowright.agent.scale import LocalFleet, RayFleet

    if ray is None:
        return LocalFleet(jobs, resumes)
    return RayFleet("" if ray == "local" else ray, resumes=resumes)


def _line(one: Finished, as_json: bool) -> str:
    if as_json:
        import dataclasses
        import json

        return json.dumps(dataclasses.asdict(one))
    died = f", died of {', '.join(one.deaths)}" if one.deaths else ""
    return f"{one.name}\t{one.exit_code}\t{one.attempts} attempt{'s' * (one.attempts != 1)}{died}"
