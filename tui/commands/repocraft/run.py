"""``repowright bench repocraft run``: score a repository, task by task."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.settings_options import complete_run, flags_of, settings_options

if TYPE_CHECKING:
    from repowright.agent.events import RunEnd, Subscriber
    from repowright.benchmarks.repocraft.evaluate.terms import Terms
    from repowright.benchmarks.repocraft.tasks import Task

_EPILOG = f"""\b
Examples:
  repowright bench repocraft run --tasks requests.json --repo ./httpeasy --model gpt-5-mini --budget 2Mtok
  repowright bench repocraft run --tasks requests.json --repo ./httpeasy --limit 25 --judge-model o4-mini
  repowright bench repocraft run --tasks requests.json --repo ./httpeasy --replay ./recording
  repowright bench repocraft run --tasks requests.json --repo ./copy --adapter rename --package httpeasy

{exit_codes_help()}
"""
_TERMS = ("votes", "retries", "mends", "adapter", "package", "environment", "judge_model")


@click.command(epilog=_EPILOG)
@click.option("--tasks", "tasks_file", type=click.Path(path_type=Path), help="File of tasks that build wrote.")
@click.option("--repo", "repository", type=click.Path(path_type=Path), help="Folder of the repository.")
@click.option(
    "--task", "wanted", multiple=True, metavar="ID", help="One task, by the start of its id; may be repeated."
)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The first N tasks alone.")
@click.option("--votes", type=click.IntRange(1, 25), metavar="N", help="Ballots on each task; 5 by default.")
@click.option(
    "--retries", type=click.IntRange(0, 5), metavar="N", help="Rounds after a task is voted down; 1 by default."
)
@click.option(
    "--mends", type=click.IntRange(0, 10), metavar="N", help="Versions that may follow a test's own error; 2."
)
@click.option("--judge-model", metavar="NAME", help="The model that votes; that of --model by default.")
@click.option("--adapter", type=click.Choice(["model", "rename"]), help="Who adapts the tests: a model, or a renaming.")
@click.option(
    "--environment",
    type=click.Choice(["locked", "bare"]),
    help="What tests can import: the real project's locked dependencies, installed once, or pytest alone.",
)
@click.option("--package", metavar="NAME", help="With --adapter rename: what the repository is imported as.")
@click.option(
    "--jobs", type=click.IntRange(1, 256), metavar="N", help="Sandboxes at a time; one a processor by default."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder that gets a copy of the result.")
@settings_options
@click.option("--resume", "resumed", shell_complete=complete_run, metavar="RUN", help="Go on with an evaluation.")
@click.option(
    "--replay", shell_complete=complete_run, metavar="RUN", help="Take every answer from a recorded run; ask no model."
)
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="One line an event instead of the live view.")
def run(resumed: str | None, jobs: int | None, as_json: bool, plain: bool, **options: Any) -> int:
    """Score a repository on tasks of a real project.

    For each task a model finds the code that implements it, ballots decide whether it really does, the real test is
    rewritten for the repository's API and run in the sandbox. What is not seen to pass counts as failed. The result
    lies in the run's folder as result.json.
    """
    if resumed is not None:
        given = ("tasks_file", "repository", "wanted", "limit", "out", "replay", *_TERMS)
        if any(options[name] for name in given):
            raise click.UsageError("--resume takes no --tasks, --repo, --out or terms; the run has its own")
        return resume_evaluation(resumed, jobs, as_json, plain, options)
    if options["tasks_file"] is None or options["repository"] is None:
        raise click.UsageError("--tasks and --repo are missing; or go on with --resume RUN")
    return _start(jobs, as_json, plain, options)


def resume_evaluation(name: str, jobs: int | None, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    """Go on with an evaluation and return the exit code."""
    import os

    from repowright.agent.runs import find_run_of, runs_root
    from repowright.agent.settings import load_settings
    from repowright.benchmarks.repocraft.evaluate.workflow import STAGES
    from repowright.tui.follow import follow, present

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.benchmarks.repocraft.evaluate.session import resume
        from repowright.benchmarks.repocraft.evaluate.terms import read_terms

        found = find_run_of("evaluate", name, root)
        settings = load_settings(flags_of(options), os.environ, Path.cwd(), remembered=found.manifest.settings)
        if not found.manifest.replay and read_terms(found.folder).adapter == "model":
            settings.require_model(os.environ)
        return resume(found, settings, subscribers=subscribers, jobs=jobs)

    return follow(begin, present(as_json, plain, STAGES), root)


def _start(jobs: int | None, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    import os

    from repowright.agent.runs import find_recording, runs_root
    from repowright.agent.settings import load_settings
    from repowright.benchmarks.repocraft.evaluate.workflow import STAGES
    from repowright.tui.follow import follow, present

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.agent.manifest import read_manifest
        from repowright.benchmarks.repocraft.evaluate.session import Asked, start

        tasks = _tasks(options["tasks_file"], options["wanted"], options["limit"])
        recording = find_recording(options["replay"], root) if options["replay"] is not None else None
        recorded = read_manifest(recording).settings if recording else None
        settings = load_settings(flags_of(options), os.environ, Path.cwd(), recorded=recorded)
        terms = _terms(options, recording)
        if recording is None and terms.adapter == "model":
            settings.require_model(os.environ)
        asked = Asked(options["repository"], tasks, terms, options["out"], jobs)
        return start(asked, settings, runs=root, replay=recording, subscribers=subscribers)

    return follow(begin, present(as_json, plain, STAGES), root)


def _tasks(path: Path, wanted: Sequence[str], limit: int | None) -> tuple[Task, ...]:
    from repowright.benchmarks.repocraft.errors import TasksUnreadable
    from repowright.benchmarks.repocraft.tasks import read_task_set, select

    found = read_task_set(path)
    chosen = select(found.tasks, wanted)[:limit]
    if not chosen:
        hint = f"its ids begin with {found.tasks[0].id.rpartition('-')[0]}-" if found.tasks else "build it again"
        raise TasksUnreadable(f"{path} has no such task", hint)
    return tuple(chosen)


def _terms(options: dict[str, Any], recording: Path | None) -> Terms:
    """Return the terms given, on top of those of the recording or the defaults."""
    from repowright.benchmarks.repocraft.evaluate.terms import Terms, read_terms

    base = read_terms(recording) if recording is not None else Terms()
    given = {name: options[name] for name in _TERMS if options[name] is not None}
    terms = Terms.model_validate(base.model_dump() | given)
    if terms.adapter == "rename" and not terms.package:
        raise click.UsageError("--adapter rename needs --package NAME")
    return terms
