"""``repowright watch``: attach to a run that works elsewhere."""

from __future__ import annotations

import click

from repowright.tui.settings_options import complete_run

_EPILOG = """\b
Examples:
  repowright watch last
  repowright watch 20260131-120000-todo --plain
"""


@click.command(epilog=_EPILOG)
@click.argument("run", shell_complete=complete_run)
@click.option("--plain", is_flag=True, help="One line an event instead of the app; also where there is no terminal.")
@click.option("--theme", default="", metavar="NAME", help="Colours of the app, such as nord or textual-light.")
def watch(run: str, plain: bool, theme: str) -> int:
    """Follow a run, whoever started it, until nobody works on it.

    RUN is an id, the start of one, a folder, or last. Watching changes nothing, and leaving does not stop the run.
    """
    import os
    import sys

    from repowright.agent.runs import find_run, runs_root
    from repowright.tui.screen import is_plain

    found = find_run(run, runs_root(os.environ))
    if is_plain(sys.stdout, plain):
        from repowright.tui.app.attach import watch_plainly

        end = watch_plainly(found, sys.stdout)
        return 0 if end is None else end.exit_code
    from repowright.tui.app.app import RepowrightApp
    from repowright.tui.app.attach import watch_screen

    return RepowrightApp(lambda: watch_screen(found), theme).run() or 0
