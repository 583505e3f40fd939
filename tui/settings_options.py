"""The flags that set something, shared by the commands that start or resume a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from repowright.agent.run import Run
    from repowright.agent.settings import Flags, Settings

Command = TypeVar("Command", bound=Callable[..., Any])

_FIELDS = (
    "model",
    "base_url",
    "budget",
    "parallel",
    "sandbox",
    "unsafe_local",
    "temperature",
    "timeout_s",
    "profile",
)


def _complete_profile(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    import os
    from pathlib import Path

    from click.shell_completion import CompletionItem

    from repowright.agent.errors import AgentError
    from repowright.agent.settings import profiles

    try:
        names = profiles(os.environ, Path.cwd())
    except AgentError:
        # A file that cannot be read has nothing to offer; the command itself says why.
        return []
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


profile_option = click.option(
    "--profile",
    metavar="NAME",
    shell_complete=_complete_profile,
    help="Take settings from [profiles.NAME] of the configuration.",
)
_OPTIONS = (
    click.option("--model", "-m", metavar="NAME", help="The model to ask, as the endpoint names it."),
    click.option("--base-url", metavar="URL", help="An OpenAI-compatible endpoint, such as http://localhost:8000/v1."),
    click.option("--budget", metavar="AMOUNT", help="Stop before passing it: 5usd, 2Mtok, or 5usd,2Mtok."),
    click.option("--parallel", "-j", type=int, metavar="N", help="Calls and sandboxes at a time."),
    click.option(
        "--sandbox",
        type=click.Choice(["auto", "docker", "bubblewrap", "local"]),
        help="Where the generated code runs.",
    ),
    click.option("--unsafe-local", is_flag=True, default=None, help="Allow the sandbox local, which isolates nothing."),
    click.option("--temperature", type=float, metavar="T", help="Sampling temperature of the model, 0 to 2."),
    click.option("--timeout", "timeout_s", type=float, metavar="SECONDS", help="How long one call may take."),
    profile_option,
)


def settings_options(command: Command) -> Command:
    """Add the flags to a command; it gets them as keyword arguments that ``flags_of`` reads."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def flags_of(options: dict[str, Any]) -> Flags:
    """Take the settings out of a command's keyword arguments."""
    from repowright.agent.settings import Flags

    return Flags(**{name: options[name] for name in _FIELDS})


def stop_after_option(command: Command) -> Command:
    """Add ``--stop-after``; the stages are looked up only when it is given."""
    text = "Stop after a stage, to read or edit the plan."
    option = click.option(
        "--stop-after", metavar="STAGE", help=text, callback=_known_stage, shell_complete=_complete_stage
    )
    return option(command)


def complete_run(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the id of a run."""
    import os

    from click.shell_completion import CompletionItem

    from repowright.agent.runs import list_runs, runs_root

    summaries = reversed(list_runs(runs_root(os.environ)))
    return [CompletionItem(run.id, help=run.title) for run in summaries if run.id.startswith(incomplete)]


def _known_stage(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from repowright.agent.workflows.generate.stages import STAGES

    names = [stage.name for stage in STAGES]
    if value not in names:
        raise click.BadParameter(f"no stage {value}; the stages are {', '.join(names)}", context, parameter)
    return value


def _complete_stage(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    from repowright.agent.workflows.generate.stages import STAGES

    return [CompletionItem(stage.name, help=stage.title) for stage in STAGES if stage.name.startswith(incomplete)]


def start_settings(options: dict[str, Any], replay: str | None, root: Path) -> tuple[Settings, Path | None]:
    """Return the settings of a run that is started, and the recording that it replays, if it does.

    Parameters
    ----------
    root
        The folder of runs, in which the recording may be one.

    Raises
    ------
    RunNotFound, RunDamaged
        If there is no such recording, or it cannot be used.
    SettingsError
        If a setting does not fit.
    NoModel, ModelAuth
        If a model is to be asked and cannot be.
    """
    import os
    from pathlib import Path

    from repowright.agent.manifest import read_manifest
    from repowright.agent.runs import find_recording
    from repowright.agent.settings import load_settings

    recording = find_recording(replay, root) if replay is not None else None
    recorded = read_manifest(recording).settings if recording else None
    settings = load_settings(flags_of(options), os.environ, Path.cwd(), recorded=recorded)
    if recording is None:
        settings.require_model(os.environ)
    return settings, recording


def resume_settings(options: dict[str, Any], run: Run) -> Settings:
    """Return the settings with which a run goes on: its own, and what the command line says anew.

    Raises
    ------
    SettingsError
        If a setting does not fit.
    NoModel, ModelAuth
        If a model is to be asked and cannot be.
    """
    import os
    from pathlib import Path

    from repowright.agent.settings import load_settings

    settings = load_settings(flags_of(options), os.environ, Path.cwd(), remembered=run.manifest.settings)
    if not run.manifest.replay:
        settings.require_model(os.environ)
    return settings
