"""The command line; each command lives in its own module below ``commands``."""

from __future__ import annotations

import sys
from typing import Any

import click

from repowright.tui.commands.acp import acp
from repowright.tui.commands.bench import bench
from repowright.tui.commands.chat import chat
from repowright.tui.commands.completion import completion
from repowright.tui.commands.config import config
from repowright.tui.commands.doctor import doctor
from repowright.tui.commands.encode import encode
from repowright.tui.commands.evolve import evolve
from repowright.tui.commands.explore import explore
from repowright.tui.commands.fetch import fetch
from repowright.tui.commands.generate import generate
from repowright.tui.commands.graph import graph
from repowright.tui.commands.locate import locate
from repowright.tui.commands.many import many
from repowright.tui.commands.mcp import mcp
from repowright.tui.commands.model.group import model
from repowright.tui.commands.replay import replay
from repowright.tui.commands.resolve import resolve
from repowright.tui.commands.runs import runs
from repowright.tui.commands.sandbox import sandbox
from repowright.tui.commands.search import search
from repowright.tui.commands.serve import serve
from repowright.tui.commands.translate import translate
from repowright.tui.commands.watch import watch
from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.failures import report, shown

_EPILOG = f"""\b
Examples:
  repowright                    opens the app in this folder
  repowright chat -p "where is the cache written?"
  repowright generate "a library for matrices, with a command line" --budget 5usd
  repowright runs resume last

{exit_codes_help()}
"""


class Root(click.Group):
    """The top of the command line: every failure ends here as one line and an exit code."""

    def main(self, *positional: Any, **named: Any) -> Any:
        args = positional[0] if positional else named.get("args")
        given = list(sys.argv[1:] if args is None else args) or _app_where_people_are()
        named |= {"args": given, "prog_name": "repowright", "standalone_mode": False}
        try:
            code = super().main(**named)
        except click.exceptions.NoArgsIsHelpError as err:
            click.echo(err.format_message())
            code = 0
        except BrokenPipeError:
            _close_stdout()
            code = 0
        except (Exception, KeyboardInterrupt) as err:
            code = report(err)
            if _wants_events(given):
                _write_events(err)
        sys.exit(code if isinstance(code, int) else 0)


@click.group(
    cls=Root,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="repowright", message="repowright %(version)s")
def cli() -> None:
    """Turn a sentence into a tested repository, and work on code, over one graph.

    Without a command the app opens in the current folder.
    """


for command in (
    chat,
    generate,
    encode,
    evolve,
    runs,
    watch,
    replay,
    graph,
    search,
    fetch,
    explore,
    locate,
    resolve,
    translate,
    bench,
    many,
    mcp,
    acp,
    serve,
    model,
    sandbox,
    doctor,
    config,
    completion,
):
    cli.add_command(command)


def main() -> None:
    """Run the command line and end the process with its exit code."""
    _open_missing_streams()
    cli.main()


def _open_missing_streams() -> None:
    """Give a process that was started without standard streams some that lead nowhere."""
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115  # until the process ends


def _app_where_people_are() -> list[str]:
    """Return the command that opens the app; without a terminal there is only help to give."""
    return ["chat"] if sys.stdin.isatty() and sys.stdout.isatty() else []


def _wants_events(args: list[str]) -> bool:
    command = [argument for argument in args if not argument.startswith("-")][:3]
    ways = (["chat"], ["generate"], ["resolve"], ["translate"], ["runs", "resume"], ["bench", "repocraft", "run"])
    return "--json" in args and any(command[: len(way)] == way for way in ways)


def _write_events(error: BaseException) -> None:
    from repowright.tui.json_lines import JsonLines, closing_events

    stream = JsonLines(sys.stdout)
    for event in closing_events(shown(error)):
        stream(event)


def _close_stdout() -> None:
    # The interpreter would otherwise try to flush the closed pipe at exit and complain.
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
