"""``repowright chat``: talk with an agent that works in a folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.settings_options import complete_run, settings_options

if TYPE_CHECKING:
    from repowright.agent.chat.events import Mode
    from repowright.tui.app.opening import Wanted

_EPILOG = """\b
Examples:
  repowright chat
  repowright chat -p "where is the cache written?" --mode plan
  repowright chat --resume last
  git diff | repowright chat -p - --json
"""


@click.command(epilog=_EPILOG)
@click.option("-p", "--prompt", metavar="TEXT", help="Say this, print the answer and end; - reads standard input.")
@click.option(
    "--repo", "folder", type=click.Path(path_type=Path, file_okay=False), default=".", help="The folder to work in."
)
@click.option("--resume", metavar="SESSION", shell_complete=complete_run, help="Go on with a session; last is one too.")
@click.option("-c", "--continue", "go_on", is_flag=True, help="Go on with the last session of this folder.")
@click.option(
    "--mode", type=click.Choice(["plan", "ask", "auto-edit", "auto"]), help="What the agent may do without asking."
)
@settings_options
@click.option("--json", "as_json", is_flag=True, help="With -p: events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="Flat text instead of the app; also where there is no terminal.")
@click.option("--theme", default="", metavar="NAME", help="Colours of the app, such as nord or textual-light.")
@click.option("--quiet", is_flag=True, help="No bell and no notification.")
def chat(
    prompt: str | None,
    folder: Path,
    resume: str | None,
    go_on: bool,
    mode: Mode | None,
    as_json: bool,
    plain: bool,
    theme: str,
    quiet: bool,
    **options: Any,
) -> int:
    """Ask and change a folder's code in a conversation; all of it is kept and can be resumed.

    Without -p the app opens. Sessions are saved as they go; --resume and --continue take one up again.
    """
    from repowright.tui.app.opening import Wanted

    if as_json and prompt is None:
        raise click.UsageError("--json goes with -p")
    wanted = Wanted(folder.absolute(), "last" if go_on else resume or "", mode, options)
    if prompt is not None:
        return _headless(wanted, sys.stdin.read() if prompt == "-" else prompt, as_json)
    from repowright.tui.screen import is_plain

    if is_plain(sys.stdout, plain):
        return _plain(wanted)
    return _app(wanted, theme, quiet)


def _headless(wanted: Wanted, text: str, as_json: bool) -> int:
    import asyncio

    from repowright.tui.app.headless import one_turn
    from repowright.tui.app.opening import open_engine

    if not text.strip():
        raise click.UsageError("there is nothing to say; give -p some words")

    async def turn() -> int:
        return await one_turn(await open_engine(wanted, asks=False), text.strip(), sys.stdout, sys.stderr, as_json)

    return asyncio.run(turn())


def _plain(wanted: Wanted) -> int:
    import asyncio

    from repowright.tui.app.opening import open_engine
    from repowright.tui.app.plain import PlainChat

    async def talk() -> None:
        await PlainChat(await open_engine(wanted), sys.stdout).run(sys.stdin)

    asyncio.run(talk())
    return 0


def _app(wanted: Wanted, theme: str, quiet: bool) -> int:
    from dataclasses import replace

    from repowright.tui.app.app import RepowrightApp
    from repowright.tui.app.opening import chat_screen

    while True:
        screen = chat_screen(wanted)
        code = RepowrightApp(lambda screen=screen: screen, theme, quiet).run()  # type: ignore[misc]
        if not screen.next_session:
            return code or 0
        wanted = replace(wanted, session=screen.next_session)
