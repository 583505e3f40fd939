"""``repowright config``: the settings that hold, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.settings_options import profile_option

if TYPE_CHECKING:
    from repowright.agent.settings import Origin


@click.group(epilog="\b\nExample:\n  repowright config show --origin")
def config() -> None:
    """Show the settings and the profiles."""


_SHOW_EPILOG = """\b
Examples:
  repowright config show --origin
  repowright config show --profile cheap
  repowright config show --json | jq -r '.model.value'
"""


@config.command(epilog=_SHOW_EPILOG)
@click.option("--origin", is_flag=True, help="Say where each value comes from.")
@profile_option
@click.option("--json", "as_json", is_flag=True, help="Values with their origins as one JSON object.")
def show(origin: bool, profile: str | None, as_json: bool) -> None:
    """Print the settings as they hold in this folder, in the form of a configuration file.

    Keys are read from the environment alone; they are no settings and are never printed.
    """
    import os

    from repowright.agent.settings import Flags, origins

    found = origins(Flags(profile=profile), os.environ, Path.cwd())
    if as_json:
        import json

        body = {each.name: {"value": _plain(each.value), "origin": each.source} for each in found}
        click.echo(json.dumps(body, ensure_ascii=False))
        return
    lines = [(line, each.source) for each in found for line in _lines(each)]
    width = max(len(line) for line, _ in lines) if origin else 0
    for line, source in lines:
        click.echo(f"{line:<{width}}  # {_on_one_line(source)}" if origin else line)


@config.command(epilog="\b\nExample:\n  repowright config profiles")
def profiles() -> None:
    """List the profiles and the files that they stand in."""
    import os

    from repowright.agent.settings import profiles as known_profiles

    found = known_profiles(os.environ, Path.cwd())
    if not found:
        click.echo("no profiles; write one as [profiles.NAME] into a configuration file", err=True)
    for name, files in found.items():
        click.echo(_on_one_line(f"{name}  {', '.join(str(file) for file in files)}"))


@config.command(epilog="\b\nExamples:\n  repowright config trust\n  repowright config trust ~/src/service")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
def trust(folder: Path) -> None:
    """Let a project's repowright.toml say where your key goes and what may be spent.

    It is trusted as it is now; once it changes, you are asked again.
    """
    import os

    from repowright.agent.settings import guarded_settings, trust_project

    file = trust_project(os.environ, folder.absolute())
    guarded = guarded_settings(file)
    said = f"trusted, with {', '.join(guarded)}" if guarded else "trusted; it sets nothing that needed it"
    click.echo(f"{_on_one_line(str(file.path))} is {said}", err=True)


def _lines(setting: Origin) -> list[str]:
    """Return a setting as lines of TOML; prices of models are one line each."""
    value = _plain(setting.value)
    if isinstance(value, Mapping):
        return [f"{setting.name}.{_text(str(name))} = {_toml(each)}" for name, each in value.items()]
    return [f"{setting.name} = {_toml(value)}"]


def _plain(value: object) -> object:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(exclude_none=True)
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return value


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_toml(each)}" for name, each in value.items()) + " }"
    return repr(value) if isinstance(value, int | float) else _text(str(value))


def _text(value: str) -> str:
    """Return a TOML string: a JSON string is one, but for a character that JSON leaves as it is."""
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _on_one_line(text: str) -> str:
    from repowright.tui.amounts import printable

    return printable(text)
