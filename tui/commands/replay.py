"""``repowright replay``: play a run again from its events."""

from __future__ import annotations

import click

from repowright.tui.settings_options import complete_run

_EPILOG = """\b
Examples:
  repowright replay last
  repowright replay last --speed 10
  repowright replay last --plain | less
"""


@click.command(epilog=_EPILOG)
@click.argument("run", shell_complete=complete_run)
@click.option(
    "--speed",
    type=click.FloatRange(0),
    default=2.0,
    show_default=True,
    metavar="TIMES",
    help="Times the pace it ran at; 0 shows the end at once.",
)
@click.option("--plain", is_flag=True, help="One line an event, at once; also where there is no terminal.")
@click.option("--theme", default="", metavar="NAME", help="Colours of the app, such as nord or textual-light.")
def replay(run: str, speed: float, plain: bool, theme: str) -> int:
    """Play a run on the screens it had, without a model and without changing anything.

    RUN is an id, the start of one, a folder, or last. Space pauses, comma and full stop change the speed.
    """
    import os
    import sys

    from repowright.agent.runs import find_run, runs_root
    from repowright.tui.screen import is_plain

    found = find_run(run, runs_root(os.environ))
    if is_plain(sys.stdout, plain):
        from repowright.tui.app.plain import PlainLines

        lines = PlainLines(sys.stdout)
        for event in found.events():
            lines(event)
        return 0
    from repowright.tui.app.app import RepowrightApp
    from repowright.tui.app.attach import replay_screen

    return RepowrightApp(lambda: replay_screen(found, speed), theme).run() or 0
