"""``repowright chat``: talk with an agent that works in a folder."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.settings_options import complete_run, settings_options

if TYPE_CHECKING:
    from repowright.agent.chat.events import Mode
    from repowright.agent.events import RunEnd, Subscriber
    from repowright.tui.app.headless import Work
    from repowright.tui.app.opening import Wanted

_EPILOG = f"""\b
Examples:
  repowright chat
  repowright chat -p "where is the cache written?" --mode plan
  repowright chat --resume last
  git diff | repowright chat -p - --json

{exit_codes_help()}
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
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    help="The project's dependencies in exact versions, installed once into the sandbox.",
)
@click.option(
    "--replay", shell_complete=complete_run, metavar="RUN", help="Take every answer from a recorded run; ask no model."
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
    lock: Path | None,
    replay: str | None,
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
    session = "last" if go_on else resume or ""
    if session and replay:
        raise click.UsageError("--replay begins a new session; one that is resumed has its own recording")
    wanted = Wanted(folder.absolute(), session, mode, options, lock, replay or "")
    if prompt is not None:
        return _say(wanted, sys.stdin.read() if prompt == "-" else prompt, as_json)
    from repowright.tui.screen import is_plain

    if is_plain(sys.stdout, plain):
        return _plain(wanted)
    return _app(wanted, theme, quiet)


def resume_chat(name: str, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    """Open a session again and return the exit code.

    Without a terminal, or with events or plain lines wanted, nobody is asked: a turn that was cut off and what waits
    are gone on with until all is said.
    """
    import os

    from repowright.agent.chat.session import find_session
    from repowright.agent.runs import runs_root
    from repowright.tui.app.opening import Wanted
    from repowright.tui.screen import is_plain

    found = find_session(name, runs_root(os.environ))
    wanted = Wanted(found.out, str(found.folder), None, options)
    if as_json or is_plain(sys.stdout, plain):
        from repowright.tui.app.headless import going_on

        return _headless(wanted, going_on, as_json)
    return _app(wanted, "", False)


def _say(wanted: Wanted, text: str, as_json: bool) -> int:
    from repowright.tui.app.headless import saying

    if not text.strip():
        raise click.UsageError("there is nothing to say; give -p some words")
    return _headless(wanted, saying(text.strip()), as_json)


def _headless(wanted: Wanted, work: Work, as_json: bool) -> int:
    import os

    from repowright.agent.runs import runs_root
    from repowright.tui.app.headless import Answer, held, present_answer
    from repowright.tui.app.opening import open_engine
    from repowright.tui.follow import follow
    from repowright.tui.graph_source import write

    answer = Answer()

    async def talk(subscribers: Sequence[Subscriber]) -> RunEnd:
        return await held(await open_engine(wanted, asks=False), work, [*subscribers, answer])

    code = follow(talk, present_answer(as_json), runs_root(os.environ))
    if answer.text and not as_json:
        write(answer.text.rstrip())
    return code


def _plain(wanted: Wanted) -> int:
    import os

    from repowright.agent.runs import runs_root
    from repowright.tui.app.headless import present_nothing
    from repowright.tui.app.opening import open_engine
    from repowright.tui.app.plain import PlainChat
    from repowright.tui.follow import follow

    async def talk(subscribers: Sequence[Subscriber]) -> RunEnd:
        # Nothing is told twice: the conversation writes its own lines.
        return await PlainChat(await open_engine(wanted), sys.stdout).run(sys.stdin)

    return follow(talk, present_nothing(), runs_root(os.environ))


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
