import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from repowright.agent.settings import Settings
from repowright.tui.cli import cli
from repowright.tui.exit_codes import ExitCode, exit_codes_help

DOCS = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def leaves(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in sorted(command.list_commands(context)):
        child = command.get_command(context, name)
        assert child is not None
        yield from leaves(child, f"{path} {name}")


COMMANDS = dict(leaves(cli, "repowright"))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_documented_and_its_help_has_an_example(path: str) -> None:
    command = COMMANDS[path]
    assert f"`{path}`" in DOCS
    assert command.help
    assert re.search(rf"Examples?:\n.*{path}", command.epilog or "", re.DOTALL)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_has_help(path: str) -> None:
    options = [each for each in COMMANDS[path].params if isinstance(each, click.Option)]
    assert [option.name for option in options if not option.help and option.name not in ("form", "help")] == []


def test_every_option_of_generate_is_documented() -> None:
    options = [each for each in cli.commands["generate"].params if isinstance(each, click.Option)]
    assert [option.opts[0] for option in options if f"`{option.opts[0]}`" not in DOCS] == []


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_is_documented_in_help_and_pages(code: ExitCode) -> None:
    assert f"| {code.value} | {code.meaning} |" in DOCS
    assert re.search(rf"^ +{code.value}  {code.meaning}$", exit_codes_help(), re.MULTILINE)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    row = next(line for line in DOCS.splitlines() if line.startswith(f"| `{name}` |"))
    default = Settings.model_fields[name].default
    if name not in ("prices", "unsafe_local"):
        assert f"`REPOWRIGHT_{name.upper()}`" in row
    if isinstance(default, (int, float)) and not isinstance(default, bool):
        assert f"| {default:g} |" in row


def test_every_link_in_the_page_leads_somewhere() -> None:
    headings = {
        re.sub(r"[^a-z0-9 -]", "", line[2:].lower()).strip().replace(" ", "-")
        for line in DOCS.splitlines()
        if line.startswith("#")
    }
    assert {link for link in re.findall(r"\(#([^)]+)\)", DOCS)} <= headings
