"""``repowright bench translation run``: the projects of a set, translated one after the other."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.commands.translation.options import cases_at, data_options, names_of, say
from repowright.tui.exit_codes import ExitCode, exit_codes_help
from repowright.tui.settings_options import flags_of, settings_options, start_settings

if TYPE_CHECKING:
    from repowright.agent.events import RunEnd, Subscriber
    from repowright.agent.run import Run
    from repowright.benchmarks.translation.preparing import Project
    from repowright.tui.follow import Begin

_EPILOG = f"""\b
Examples:
  repowright bench translation run --data crust --project fleur --project mdb --out work --model gpt-5-mini
  repowright bench translation run --data rosetta --out rosetta --stage idiomatic --budget 200ktok

{exit_codes_help()}
"""
_GOES_ON = frozenset({ExitCode.DONE, ExitCode.FAILING, ExitCode.BAD_INPUT})
"""After these the next project is begun; whatever else ends one would end the next as well."""


@click.command(epilog=_EPILOG)
@data_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("translations"),
    show_default=True,
    help="Folder that gets a folder for each project, and the report.",
)
@click.option(
    "--stage", type=click.Choice(["safe", "idiomatic"]), help="As translate takes it, for projects without interface."
)
@settings_options
@click.option("--no-report", is_flag=True, help="Judge and report nothing in the end.")
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="One line an event instead of the live view.")
def run(
    data: str,
    chosen: tuple[str, ...],
    out: Path,
    stage: str | None,
    no_report: bool,
    as_json: bool,
    plain: bool,
    **settings: Any,
) -> int:
    """Translate the projects of a set, then report.

    Each project is a run of its own, with the budget for itself. Given again, the command leaves out what was
    delivered, goes on with what was begun, and starts the rest.
    """
    from repowright.benchmarks.translation.preparing import Project

    cases = cases_at(data)
    codes: list[int] = []
    for name in names_of(cases, chosen):
        project = Project(cases.case(name), out.absolute() / name)
        codes.append(_translated(project, stage == "idiomatic", as_json, plain, settings))
        if codes[-1] not in _GOES_ON:
            return codes[-1]
    if not no_report and not as_json:
        _report(data, out, settings)
    return max(codes, default=ExitCode.DONE)


def _translated(project: Project, idiomatic: bool, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    """Bring one project to its end, from wherever it stands."""
    import os

    from repowright.agent.runs import runs_root
    from repowright.agent.workflows.translate.stages import stages_of
    from repowright.benchmarks.translation.preparing import is_finished
    from repowright.tui.follow import follow, present

    root = runs_root(os.environ)
    earlier = project.earlier(root)
    if earlier is not None and is_finished(earlier):
        say(f"{project.case.name}: delivered before, by {earlier.id}")
        return ExitCode.DONE if earlier.status == "done" else ExitCode.FAILING
    say(f"{project.case.name}: {f'goes on with {earlier.id}' if earlier else 'begins'}")
    begin = _resumed(earlier, options) if earlier else _started(project, idiomatic, root, options)
    return follow(begin, present(as_json, plain, stages_of(idiomatic=idiomatic)), root)


def _started(project: Project, idiomatic: bool, root: Path, options: dict[str, Any]) -> Begin:
    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.agent.workflows.translate.session import start

        settings, _ = start_settings(options, None, root)
        return start(project.asked(idiomatic=idiomatic), settings, runs=root, replay=None, subscribers=subscribers)

    return begin


def _resumed(earlier: Run, options: dict[str, Any]) -> Begin:
    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        import os

        from repowright.agent.settings import load_settings
        from repowright.agent.workflows.translate.session import resume

        settings = load_settings(flags_of(options), os.environ, Path.cwd(), remembered=earlier.manifest.settings)
        if not earlier.manifest.replay:
            settings.require_model(os.environ)
        return resume(earlier, settings, subscribers=subscribers)

    return begin


def _report(data: str, out: Path, options: dict[str, Any]) -> None:
    from repowright.benchmarks.translation.report import markdown
    from repowright.tui.commands.translation.report import write_report

    sandbox = options["sandbox"] or "auto"
    made = write_report((str(out),), data, f"Translations of {data}", out / "report", sandbox, 2)
    click.echo(markdown(made))
