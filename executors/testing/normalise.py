"""Makes the text of a traceback the same in every sandbox and every run."""

from __future__ import annotations

import re

_PATH = r"(?<![\w./+-])(?:[\w.+-]*/)+"
"""Folders of a path. It can begin only where no path goes on, which keeps the search linear."""
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?m)^[ E]*[~^][ ~^]*\n", ""),
        (r"\x1b\[[0-9;]*m", ""),
        (r"\b0x[0-9a-fA-F]{6,16}\b", "0x..."),
        (_PATH + r"(?:site|dist)-packages/([\w./+-]+):\d+", r"<site-packages>/\1"),
        (_PATH + r"(?:site|dist)-packages/", "<site-packages>/"),
        (_PATH + r"python3\.\d+/([\w./+-]+):\d+", r"<python>/\1"),
        (_PATH + r"python3\.\d+/([\w./+-]+)\", line \d+", r'<python>/\1"'),
        (_PATH + r"python3\.\d+/", "<python>/"),
        (r"(<frozen [\w.]+>):\d+", r"\1"),
        (_PATH + r"bin/python3?(?:\.\d+)?(?![\w/.-])", "python"),
        (_PATH + r"pytest-of-[\w.-]+/pytest-\d+/", "<tmp>/"),
        (r"/(?:var/)?tmp/tmp[\w-]{6,}", "<tmp>"),
        (r"\bpid[ =]\d+", "pid N"),
        (r"\b(in|took) \d+\.\d+ ?s(?:econds)?\b", r"\1 N s"),
    )
)
_WORKSPACE = re.compile(r"/workspace(/|(?![\w-]))")


def normalise(text: str) -> str:
    """Remove durations, addresses, temporary and interpreter paths; make workspace paths relative.

    Marks below a source line are removed too: Python versions place them differently.
    """
    text = _WORKSPACE.sub(lambda found: "" if found.group(1) else ".", text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
