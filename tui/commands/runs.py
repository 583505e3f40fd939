"""``repowright runs``: what was run, and what can be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.settings_options import complete_run, settings_options, stop_after_option

if TYPE_CHECKING:
    from repowright.agent.run import Run
    from repowright.agent.runs import RunSummary


@click.group(epilog="\b\nExample:\n  repowright runs list\n  repowright runs show last")
def runs() -> None:
    """List, show, resume and remove runs.

    RUN is an id, the start of one, a folder, or last.
    """


@runs.command("list", epilog="\b\nExample:\n  repowright runs list --json")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a run.")
def list_command(as_json: bool) -> None:
    """List the runs, the newest first."""
    import os

    from repowright.agent.runs import list_runs, runs_root

    summaries = list_runs(runs_root(os.environ))[::-1]
    if as_json:
        for summary in summaries:
            click.echo(_summary_json(summary))
    elif summaries:
        _print_table(summaries)
    else:
        click.echo("no runs yet; start one with repowright generate", err=True)


@runs.command(epilog="\b\nExample:\n  repowright runs show last --json")
@click.argument("run", shell_complete=complete_run)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(run: str, as_json: bool) -> None:
    """Show how one run stands and where its parts are."""
    found = _find(run)
    if as_json:
        import json

        body = found.manifest.model_dump(by_alias=True) | {
            "status": found.status,
            "folder": str(found.folder),
        }
        click.echo(json.dumps(body, sort_keys=True))
        return
    from repowright.tui.amounts import printable

    for name, value in _facts(found):
        click.echo(f"{name:<9} {printable(value)}")


@runs.command(epilog=f"\b\nExample:\n  repowright runs resume last --budget 10usd\n\n{exit_codes_help()}")
@click.argument("run", shell_complete=complete_run)
@settings_options
@stop_after_option
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="One line an event instead of the live view.")
def resume(run: str, stop_after: str | None, as_json: bool, plain: bool, **settings: Any) -> int:
    """Go on where a run was ended; nothing that was paid for is asked again."""
    import os

    from repowright.agent.runs import runs_root, workflow_of

    workflow = workflow_of(run, runs_root(os.environ))
    if workflow == "chat":
        from repowright.tui.commands.chat import resume_chat

        if stop_after is not None:
            raise click.UsageError("--stop-after is for a generation; a conversation has no plan to edit")
        return resume_chat(run, as_json, plain, settings)
    if workflow == "translate":
        from repowright.tui.commands.translate import resume_translation

        if stop_after is not None:
            raise click.UsageError("--stop-after is for a generation; a translation has no plan to edit")
        return resume_translation(run, as_json, plain, settings)
    if workflow == "resolve":
        from repowright.tui.commands.resolve import resume_resolution

        if stop_after is not None:
            raise click.UsageError("--stop-after is for a generation; a resolution has no plan to edit")
        return resume_resolution(run, as_json, plain, settings)
    if workflow == "evaluate":
        from repowright.tui.commands.repocraft.run import resume_evaluation

        if stop_after is not None:
            raise click.UsageError("--stop-after is for a generation; an evaluation has no plan to edit")
        return resume_evaluation(run, None, as_json, plain, settings)
    from repowright.tui.commands.generate import resume_run

    return resume_run(run, stop_after, as_json, plain, settings)


@runs.command(epilog="\b\nExample:\n  repowright runs rm 20260131-120000-todo --yes")
@click.argument("names", metavar="RUN...", nargs=-1, required=True, shell_complete=complete_run)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
def rm(names: tuple[str, ...], yes: bool) -> None:
    """Remove runs with their records; delivered projects stay."""
    import os

    from repowright.agent.runs import find_run_folder, remove, runs_root

    root = runs_root(os.environ)
    folders = list(dict.fromkeys(find_run_folder(name, root) for name in names))
    for folder in folders:
        if yes or click.confirm(f"remove {folder.name}?", err=True):
            remove(folder, root)
            click.echo(f"removed {folder.name}", err=True)


@runs.command(epilog="\b\nExample:\n  repowright runs export last ./recording")
@click.argument("run", shell_complete=complete_run)
@click.argument("folder", type=click.Path(path_type=Path))
def export(run: str, folder: Path) -> None:
    """Write a run's recording into a new folder, for --replay anywhere."""
    from repowright.agent.recording import export_recording

    click.echo(f"{export_recording(_find(run), folder)} replies in {folder}", err=True)


@runs.command(epilog="\b\nExample:\n  repowright runs report last")
@click.argument("run", shell_complete=complete_run)
def report(run: str) -> None:
    """Write the report page of a run anew and print its path."""
    from repowright.tui.report.page import write_report

    click.echo(write_report(_find(run)))


def _find(name: str) -> Run:
    import os

    from repowright.agent.runs import find_run, runs_root

    return find_run(name, runs_root(os.environ))


def _facts(run: Run) -> list[tuple[str, str]]:
    import time

    from repowright.tui.summary import delivered_as

    manifest = run.manifest
    unfinished = run.status not in ("done", "failing")
    facts = [
        ("run", run.id),
        ("title", manifest.title),
        ("status", run.status),
        ("created", time.strftime("%Y-%m-%d %H:%M", time.localtime(manifest.created))),
        ("model", manifest.settings.model),
        ("budget", manifest.settings.budget),
        ("replay", manifest.replay),
        (delivered_as(manifest.workflow), manifest.out),
        ("folder", str(run.folder)),
        ("report", str(run.report) if run.report.exists() else ""),
        ("go on", f"repowright runs resume {run.id}" if unfinished else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _summary_json(summary: RunSummary) -> str:
    import json
    from dataclasses import asdict

    return json.dumps(asdict(summary) | {"folder": str(summary.folder)}, sort_keys=True)


def _print_table(summaries: list[RunSummary]) -> None:
    from rich.text import Text

    from repowright.tui.amounts import printable
    from repowright.tui.screen import console_for

    console = console_for()
    rows = [("run", "status", "created", "model", "title"), *map(_cells, summaries)]
    widths = [max(len(cell) for cell in column) for column in list(zip(*rows, strict=True))[:-1]]
    for number, row in enumerate(rows):
        fixed = "".join(f"{printable(cell):<{width}}  " for cell, width in zip(row, widths, strict=False))
        line = Text(fixed + printable(row[-1]), style="dim" if number == 0 else "")
        # Cut on a terminal, whole in a file: a list that is piped is data.
        console.print(
            line, no_wrap=True, overflow="ellipsis", crop=console.is_terminal, soft_wrap=not console.is_terminal
        )


def _cells(run: RunSummary) -> tuple[str, ...]:
    import time

    created = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.created)) if run.created else ""
    return (run.id, run.status or "damaged", created, run.model, run.problem or run.title)
