"""The flags of commands that may ask a model about a stored graph, and the lifting of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from repowright.tui.settings_options import profile_option

if TYPE_CHECKING:
    from repowright.agent.events import Event
    from repowright.agent.settings import Settings
    from repowright.agent.workflows.lift.session import LiftCost
    from repowright.repo_tools.snapshot import Snapshot

Command = TypeVar("Command", bound=Callable[..., Any])

_LIFT = click.option(
    "--lift",
    type=click.Choice(["none", "model"]),
    default="none",
    show_default=True,
    help="Who writes features and finds areas: rules, or a model.",
)
_MODEL = (
    click.option("--model", "-m", metavar="NAME", help="The model to ask, as the endpoint names it."),
    click.option("--base-url", metavar="URL", help="An OpenAI-compatible endpoint, such as http://localhost:8000/v1."),
    click.option("--budget", metavar="AMOUNT", help="Stop before passing it: 5usd, 2Mtok, or 5usd,2Mtok."),
    click.option("--parallel", "-j", type=int, metavar="N", help="Calls at a time."),
    click.option("--temperature", type=float, metavar="T", help="Sampling temperature of the model, 0 to 2."),
    click.option("--timeout", "timeout_s", type=float, metavar="SECONDS", help="How long one call may take."),
    profile_option,
    click.option(
        "--replay", type=click.Path(path_type=Path), metavar="FOLDER", help="Take every answer from a recording."
    ),
)


def model_options(command: Command) -> Command:
    """Add the flags of asking a model to a command; it gets them as keyword arguments."""
    for option in reversed(_MODEL):
        command = option(command)
    return command


def lift_options(command: Command) -> Command:
    """Add the flags of a lifting to a command; it gets them as keyword arguments."""
    return _LIFT(model_options(command))


def lift_settings(options: dict[str, Any]) -> Settings | None:
    """Return the settings of the lifting that was asked for; `None` if none was.

    Raises
    ------
    SettingsError
        If a setting does not fit, or no model is named.
    """
    if options["lift"] == "none":
        given = [name for name in ("model", "replay") if options[name] is not None]
        if given:
            raise click.UsageError(f"--{given[0]} is for --lift model")
        return None
    return model_settings(options)


def model_settings(options: dict[str, Any]) -> Settings:
    """Return the settings that the flags, the environment, the configuration and a recording come to.

    Raises
    ------
    SettingsError
        If a setting does not fit, or no model is named.
    """
    import os

    from repowright.agent.settings import Flags, load_settings
    from repowright.agent.side_record import recorded_shape

    names = ("model", "base_url", "budget", "parallel", "temperature", "timeout_s", "profile")
    replay = options["replay"]
    recorded = recorded_shape(replay) if replay is not None else None
    settings = load_settings(Flags(**{name: options[name] for name in names}), os.environ, Path.cwd(), None, recorded)
    if replay is None:
        settings.require_model(os.environ)
    return settings


def lift_stored_graph(path: Path, snapshot: Snapshot, settings: Settings, replay: Path | None) -> LiftCost:
    """Give a stored graph the features and areas of a model, and tell what that cost."""
    import asyncio

    from repowright.agent.workflows.lift.session import lift_graph
    from repowright.graph.store import Store

    with Store(path) as store:
        work = lift_graph(store, snapshot.read, settings, name=snapshot.name, replay=replay, subscribers=(_tell,))
        return asyncio.run(work)


def _tell(event: Event) -> None:
    from repowright.agent.events import Warning as Warned
    from repowright.tui.amounts import printable

    if isinstance(event, Warned):
        click.echo(printable(event.message), err=True)
