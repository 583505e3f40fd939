"""Reads what a fleet shall run from a file: one command a line, as it would be typed behind ``repowright``."""

from __future__ import annotations

import shlex
from pathlib import Path

from repowright.agent.errors import UserError
from repowright.agent.scale.command import Command

MODULE = ("-m", "repowright.tui")
RESUME = (*MODULE, "runs", "resume", "last")
_RUNS = (("generate",), ("bench", "repocraft", "run"))
"""Commands that leave a run which can be resumed; any other is begun anew."""


def read_script(text: str, base: Path, out: Path) -> list[Command]:
    """Return the commands of a script; empty lines and comments are skipped.

    Parameters
    ----------
    base
        Where the files lie that the lines name. What is there becomes an absolute path, because each command works in a
        folder of its own; what is not there, such as a folder to be made, belongs into that.
    out
        Gets that folder of each command, ``<number>-<word>``.

    Raises
    ------
    UserError
        If a line cannot be read, or there is none.
    """
    lines = list(enumerate(text.splitlines(), 1))
    found = [_command(number, words, base, out) for number, line in lines if (words := _words(number, line))]
    if not found:
        raise UserError("the file holds no command", "write one a line, such as: generate idea.md --out todo")
    return found


def _words(number: int, line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError as err:
        raise UserError(f"line {number} cannot be read: {err}", "quote it as for a shell") from err


def _command(number: int, words: list[str], base: Path, out: Path) -> Command:
    words = words[1:] if words[0] == "repowright" and len(words) > 1 else words
    name = f"{number:03}-{Path(words[0]).name}"
    given = [str((base / word).resolve()) if _names_a_file(base, word) else word for word in words]
    resumed = RESUME if any(tuple(words[: len(run)]) == run for run in _RUNS) else ()
    return Command(name, (*MODULE, *given), (out / name).resolve(), resumed)


def _names_a_file(base: Path, word: str) -> bool:
    if word.startswith("-") or len(word) > 200 or "\n" in word:
        return False
    # A bare word is a subcommand or a model, though a folder may be called so.
    return ("/" in word or "." in word) and (base / word).exists()
