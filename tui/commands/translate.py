"""``repowright translate``: a C project becomes a Rust crate or a Python package, unit by unit, each step run."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.settings_options import complete_run, resume_settings, settings_options, start_settings

if TYPE_CHECKING:
    from repowright.agent.events import RunEnd, Subscriber
    from repowright.tui.follow import Begin
    from repowright.tui.run_stages import Stages

_EPILOG = f"""\b
Examples:
  repowright translate ~/src/queue --to rust --model gpt-5-mini --budget 500ktok
  repowright translate ~/src/queue --to rust --stage idiomatic --out queue
  repowright translate ~/src/queue --to rust --interface queue-rs --tests queue-rs/tests --out queue
  repowright translate ~/src/queue --to python --out queue
  repowright translate --resume last

{exit_codes_help()}
"""


@click.command(epilog=_EPILOG)
@click.argument("folder", required=False, type=click.Path(path_type=Path), metavar="[DIR]")
@click.option("--to", "target", metavar="LANGUAGE", help="The language it becomes: rust or python.")
@click.option(
    "--interface",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Rust, a crate or loose files, or Python whose functions are stubs: its signatures stay; Rust stays safe.",
)
@click.option(
    "--tests",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Tests in that language, which it must pass; they stay as they are.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New or empty folder for the result, outside of any repository; NAME-LANGUAGE here by default.",
)
@click.option(
    "--stage",
    type=click.Choice(["safe", "idiomatic"]),
    help="Without --interface: safe (the default) keeps C's types and signatures, idiomatic designs safe ones first.",
)
@settings_options
@click.option("--resume", "resumed", shell_complete=complete_run, metavar="RUN", help="Go on with a translation.")
@click.option(
    "--replay", shell_complete=complete_run, metavar="RUN", help="Take every answer from a recorded run; ask no model."
)
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="One line an event instead of the live view.")
def translate(
    folder: Path | None,
    target: str | None,
    interface: Path | None,
    tests: Path | None,
    out: Path | None,
    stage: str | None,
    resumed: str | None,
    replay: str | None,
    as_json: bool,
    plain: bool,
    **settings: Any,
) -> int:
    """Translate a C project to Rust or Python.

    The C is read and ordered without a model, and a crate of typed stubs is laid out that compiles before any model is
    asked. Then one unit after the other is translated, compiled, tested and repaired, all in the sandbox. What cannot
    be translated is told with its reason, and the rest goes on. The folder itself is never changed.
    """
    if resumed is not None:
        if any(given is not None for given in (folder, target, interface, tests, out, stage, replay)):
            raise click.UsageError("--resume takes no DIR, --to, --interface, --tests, --out, --stage or --replay")
        return resume_translation(resumed, as_json, plain, settings)
    if folder is None:
        raise click.UsageError("name the folder of a C project")
    if target is None:
        raise click.UsageError("--to is missing; give --to rust or --to python")
    if stage is not None and interface is not None:
        raise click.UsageError("--stage is for a translation without --interface, whose signatures stay")
    goal = out or Path(f"{folder.resolve().name}-{target}")
    given = _Given(folder, goal, target, interface, tests, stage == "idiomatic")
    return _start(given, replay, as_json, plain, settings)


class _Given(NamedTuple):
    """What the command line says, in the order of ``session.Asked``, which is not loaded before it is needed."""

    folder: Path
    out: Path
    target: str
    interface: Path | None
    tests: Path | None
    idiomatic: bool


def resume_translation(name: str, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    """Go on with a translation and return the exit code."""
    import os

    from repowright.agent.runs import find_run_of, runs_root

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.agent.workflows.translate.session import resume

        found = find_run_of("translate", name, root)
        return resume(found, resume_settings(options, found), subscribers=subscribers)

    return _followed(begin, as_json, plain, root, _known_stages(name, root))


def _known_stages(name: str, root: Path) -> Stages:
    from repowright.agent.errors import UserError
    from repowright.agent.runs import find_run
    from repowright.tui.run_stages import stages_of

    try:
        return stages_of(find_run(name, root))
    except UserError:  # told when the run is opened to go on with it
        return ()


def _start(given: _Given, replay: str | None, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    import os

    from repowright.agent.runs import runs_root
    from repowright.agent.workflows.translate.stages import stages_of

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.agent.workflows.translate.session import Asked, start

        settings, recording = start_settings(options, replay, root)
        return start(Asked(*given), settings, runs=root, replay=recording, subscribers=subscribers)

    stages = stages_of(idiomatic=given.idiomatic and given.interface is None)
    return _followed(begin, as_json, plain, root, stages)


def _followed(begin: Begin, as_json: bool, plain: bool, root: Path, stages: Stages) -> int:
    from repowright.agent.workflows.translate.stages import REPORT
    from repowright.tui.follow import follow_to_report

    return follow_to_report(begin, as_json, plain, root, stages, REPORT)
