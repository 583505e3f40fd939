"""``repowright resolve``: from an issue to a patch, with the tests before and after it."""

from __future__ import annotations

import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.commands.locate import LARGEST_ISSUE, decoded_issue
from repowright.tui.exit_codes import exit_codes_help
from repowright.tui.settings_options import complete_run, resume_settings, settings_options, start_settings

if TYPE_CHECKING:
    from repowright.agent.events import RunEnd, Subscriber
    from repowright.tui.follow import Begin

_EPILOG = f"""\b
Examples:
  repowright resolve --issue issue.md --model gpt-5-mini --budget 500ktok
  repowright resolve --repo ~/src/flask --issue issue.md --lock requirements.lock --out fix.patch
  gh issue view 12 | repowright resolve --issue - --json > events.jsonl
  git apply fix.patch

{exit_codes_help()}
"""


@click.command(epilog=_EPILOG)
@click.option("--issue", metavar="FILE", help="File that holds the text of the issue; - for standard input.")
@click.option(
    "--repo", "folder", type=click.Path(path_type=Path), help="Folder of the repository; this one by default."
)
@click.option(
    "--lock",
    type=click.Path(path_type=Path),
    help="Lock of the repository's dependencies in exact versions, installed once; else the standard library alone.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="PATCH", help="File that gets the patch.")
@settings_options
@click.option("--resume", "resumed", shell_complete=complete_run, metavar="RUN", help="Go on with a resolution.")
@click.option(
    "--replay", shell_complete=complete_run, metavar="RUN", help="Take every answer from a recorded run; ask no model."
)
@click.option("--json", "as_json", is_flag=True, help="Events as JSON lines on standard output.")
@click.option("--plain", is_flag=True, help="One line an event instead of the live view.")
def resolve(
    issue: str | None,
    folder: Path | None,
    lock: Path | None,
    out: Path | None,
    resumed: str | None,
    replay: str | None,
    as_json: bool,
    plain: bool,
    **settings: Any,
) -> int:
    """Make a patch that resolves an issue.

    The code the issue is about is located, a test that fails because of it is written, a copy of the repository is
    edited, and the tests that the change can affect run before and after it, all in the sandbox. The folder itself is
    never changed. The patch is in the format of git; a report beside it says what was wrong and what the tests say.
    """
    if resumed is not None:
        if any(given is not None for given in (issue, folder, lock, out, replay)):
            raise click.UsageError("--resume takes no --issue, --repo, --lock, --out or --replay; the run has its own")
        return resume_resolution(resumed, as_json, plain, settings)
    if issue is None:
        raise click.UsageError("--issue is missing; give a file, or - for standard input")
    return _start(issue, folder or Path(), lock, out, replay, as_json, plain, settings)


def resume_resolution(name: str, as_json: bool, plain: bool, options: dict[str, Any]) -> int:
    """Go on with a resolution and return the exit code."""
    import os

    from repowright.agent.runs import find_run_of, runs_root

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.agent.workflows.resolve.session import resume

        found = find_run_of("resolve", name, root)
        return resume(found, resume_settings(options, found), subscribers=subscribers)

    return _followed(begin, as_json, plain, root)


def _start(
    issue: str,
    folder: Path,
    lock: Path | None,
    out: Path | None,
    replay: str | None,
    as_json: bool,
    plain: bool,
    options: dict[str, Any],
) -> int:
    import os

    from repowright.agent.runs import runs_root

    root = runs_root(os.environ)

    def begin(subscribers: Sequence[Subscriber]) -> Coroutine[None, None, RunEnd]:
        from repowright.agent.sandboxes import read_lock
        from repowright.agent.workflows.resolve.session import Asked, start

        settings, recording = start_settings(options, replay, root)
        text, origin = _read_issue(issue)
        asked = Asked(text, origin, folder, read_lock(lock) if lock is not None else "", out)
        return start(asked, settings, runs=root, replay=recording, subscribers=subscribers)

    return _followed(begin, as_json, plain, root)


def _read_issue(issue: str) -> tuple[str, str]:
    if issue == "-":
        return decoded_issue(sys.stdin.buffer.read(LARGEST_ISSUE + 1), "standard input"), "standard input"
    return decoded_issue(Path(issue).read_bytes(), issue), Path(issue).name


def _followed(begin: Begin, as_json: bool, plain: bool, root: Path) -> int:
    from repowright.agent.workflows.resolve.stages import REPORT, STAGES
    from repowright.tui.follow import follow_to_report

    return follow_to_report(begin, as_json, plain, root, STAGES, REPORT)
