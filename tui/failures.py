"""The one place that turns an exception into a line and an exit code."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import click

from repowright.tui.amounts import printable
from repowright.tui.exit_codes import ExitCode

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Shown:
    """A failure as the user sees it: on one line, and to the shell."""

    error: str
    message: str
    hint: str
    exit_code: int

    @property
    def line(self) -> str:
        """``repowright: what happened (what to do next)``."""
        hint = f" ({printable(self.hint)})" if self.hint else ""
        return f"repowright: {printable(self.message)}{hint}"


def shown(error: BaseException) -> Shown:
    """Return how ``error`` is shown; one that no room foresaw is named as a fault of the program."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Shown("Interrupted", "interrupted", "", ExitCode.INTERRUPTED)
    if isinstance(error, click.ClickException):
        return _usage(error)
    if isinstance(error, _typed()):
        hint = str(getattr(error, "hint", ""))
        message = str(getattr(error, "message", error))
        code = int(getattr(error, "exit_code", ExitCode.INTERNAL))
        return Shown(type(error).__name__, message, hint, code)
    if isinstance(error, OSError) and error.filename is not None:
        text = f"{error.filename}: {error.strerror or error}"
        return Shown(type(error).__name__, text, "check the path, its permissions and the disk", ExitCode.BAD_INPUT)
    _log.debug("unforeseen", exc_info=error)
    text = f"internal error: {type(error).__name__}: {error}"
    return Shown(
        type(error).__name__,
        text,
        "set REPOWRIGHT_DEBUG=1 for the traceback, and report it",
        ExitCode.INTERNAL,
    )


def report(error: BaseException) -> int:
    """Write the failure's line to standard error and return its exit code."""
    seen = shown(error)
    if seen.exit_code == ExitCode.INTERNAL and os.environ.get("REPOWRIGHT_DEBUG"):
        raise error
    click.echo(seen.line, err=True)
    return seen.exit_code


def _usage(error: click.ClickException) -> Shown:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"see {context.command_path} --help" if context else ""
    message = error.format_message().rstrip(".")
    if not message[:2].isupper():
        message = message[:1].lower() + message[1:]
    return Shown(type(error).__name__, message, hint, ExitCode.BAD_INPUT)


def _typed() -> tuple[type[Exception], ...]:
    from repowright.agent.errors import AgentError
    from repowright.executors.sandbox import SandboxError
    from repowright.graph.errors import GraphError
    from repowright.inference_backend.errors import InferenceError
    from repowright.repo_tools.errors import RepoToolsError

    return AgentError, GraphError, SandboxError, RepoToolsError, InferenceError
