"""Opening the user's own editor."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

_WITH_PLUS = frozenset({"vi", "vim", "nvim", "nano", "emacs", "micro", "kak", "hx"})
LONGEST = 24 * 3600
"""Seconds an editor may stay open."""


def editor_command(path: Path, line: int, editor: str) -> list[str]:
    """Return the command that opens a file, at a line where the editor is known to take one.

    Examples
    --------
    >>> editor_command(Path("a.py"), 7, "vim -n")
    ['vim', '-n', '+7', 'a.py']
    >>> editor_command(Path("a.py"), 7, "code --wait")
    ['code', '--wait', '--goto', 'a.py:7']
    """
    words = shlex.split(editor) or ["vi"]
    name = Path(words[0]).name
    if name in _WITH_PLUS:
        return [*words, f"+{line}", str(path)]
    return [*words, "--goto", f"{path}:{line}"] if name == "code" else [*words, str(path)]


def open_editor(path: Path, line: int) -> str:
    """Open a file and wait for the editor; return what went wrong, or nothing."""
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        subprocess.run(editor_command(path, line, editor), timeout=LONGEST, check=False)
    except (OSError, subprocess.TimeoutExpired) as err:
        return f"{editor} cannot be started: {err}; set EDITOR"
    return ""
