"""Makes the text of a traceback the same in every sandbox and every run."""

from __future__ import annotations

import re

_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"(?m)^[ E]*[~^]+[ ~^]*\n", ""),
        (r"\x1b\[[0-9;]*m", ""),
        (r"\b0x[0-9a-fA-F]{6,16}\b", "0x..."),
        (r"[^\s'\"(<]*/(?:site|dist)-packages/([^\s'\":]+):\d+", r"<site-packages>/\1"),
        (r"[^\s'\"(<]*/(?:site|dist)-packages/", "<site-packages>/"),
        (r"[^\s'\"(<]*/lib(?:64)?/python3\.\d+/([^\s'\":]+):\d+", r"<python>/\1"),
        (r"[^\s'\"(<]*/lib(?:64)?/python3\.\d+/([^\s'\":]+)\", line \d+", r'<python>/\1"'),
        (r"[^\s'\"(<]*/lib(?:64)?/python3\.\d+/", "<python>/"),
        (r"(<frozen [\w.]+>):\d+", r"\1"),
        (r"/[^\s'\"(<]*/bin/python3?(?:\.\d+)?(?![\w/.-])", "python"),
        (r"(?:/private)?(?:/[\w.-]+)*/pytest-of-[\w.-]+/pytest-\d+/", "<tmp>/"),
        (r"/(?:var/)?tmp/tmp[\w-]{6,}", "<tmp>"),
        (r"\bpid[ =]\d+", "pid N"),
        (r"\b(in|took) \d+\.\d+ ?s(?:econds)?\b", r"\1 N s"),
    )
)


def normalise(text: str) -> str:
    """Remove durations, addresses, temporary and interpreter paths; make workspace paths relative.

    Marks below a source line are removed too: Python versions place them differently.
    """
    text = re.sub(r"/workspace(?![\w-])/?", lambda found: "" if found.group().endswith("/") else ".", text)
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
