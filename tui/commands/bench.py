"""``repowright bench``: the benchmarks that people run, each a group of commands that is imported when it is used."""

from __future__ import annotations

from importlib import import_module

import click


class LazyGroup(click.Group):
    """A group whose commands are imported by name, so that the command line starts without them."""

    def __init__(self, package: str, commands: tuple[str, ...], **named: object) -> None:
        super().__init__(**named)  # type: ignore[arg-type]
        self._package = package
        self._names = commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of their use."""
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; each lies in a module of its name, as an attribute of its name."""
        if cmd_name not in self._names:
            return None
        command = getattr(import_module(f"{self._package}.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command


@click.group()
def bench() -> None:
    """Run a benchmark."""


bench.add_command(
    LazyGroup(
        "repowright.tui.commands.repocraft",
        ("build", "control", "run", "report"),
        name="repocraft",
        help="Build RepoCraft from its real projects, check the checker, score a repository, report.",
        epilog="\b\nExamples:\n  repowright bench repocraft build --project requests\n"
        "  repowright bench repocraft run --tasks requests.json --repo ./httpeasy",
    )
)
bench.add_command(
    LazyGroup(
        "repowright.tui.commands.translation",
        ("encode", "stubs", "run", "verdict", "oracle", "report"),
        name="translation",
        help="Translate sets of C projects, judge crates by two rules, prove the harness, report.",
        epilog="\b\nExamples:\n  repowright bench translation run --data crust --project fleur --out work\n"
        "  repowright bench translation report work --data crust",
    )
)
