"""Rules by tool and pattern: which calls are allowed, asked about, or denied.

A pattern is matched against what the call works on: a command word by word, a path as a glob, anything else as text.
``git log *`` means the command ``git log`` with any arguments; ``src/**`` every file below ``src``. Among the rules
that match, ``deny`` is stronger than ``ask``, and ``ask`` stronger than ``allow``, wherever they come from.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from pydantic import BaseModel, ConfigDict, Field, field_validator

from repowright.agent.approvals.modes import Verdict
from repowright.agent.approvals.shell_words import Word

LONGEST_PATTERN = 500
"""Characters."""


class Rule(BaseModel):
    """One rule, as it stands in a file.

    Parameters
    ----------
    tool
        Name of a tool, or a pattern of names such as ``mcp.github.*``.
    pattern
        What the call works on; ``*`` for anything.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    decision: Verdict
    tool: str = Field(min_length=1, max_length=100)
    pattern: str = Field(default="*", min_length=1, max_length=LONGEST_PATTERN)

    @field_validator("tool", "pattern")
    @classmethod
    def _is_seen(cls, value: str) -> str:
        if not value.isprintable() or value != value.strip():
            raise ValueError("must be one line of visible characters, without blanks at its ends")
        return value

    def __str__(self) -> str:
        return f"{self.decision} {self.tool} `{self.pattern}`"


def strictest(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the strongest of some verdicts, ``None`` of none."""
    found = set(verdicts)
    return next((verdict for verdict in _BY_STRENGTH if verdict in found), None)


_BY_STRENGTH: tuple[Verdict, ...] = ("deny", "ask", "allow")


def verdict_on_words(rules: Sequence[Rule], tool: str, words: Sequence[Word]) -> Verdict | None:
    """Return what the rules say of one program with its arguments; ``None`` if they do not speak of it."""
    return strictest(
        rule.decision
        for rule in rules
        if fnmatchcase(tool, rule.tool) and words_match(rule.pattern, words, surely=rule.decision == "allow")
    )


def verdict_on_path(rules: Sequence[Rule], tools: Sequence[str], path: str) -> Verdict | None:
    """Return what the rules say of a change of one file; ``tools`` are the names the call goes by."""
    return strictest(
        rule.decision
        for rule in rules
        if any(fnmatchcase(tool, rule.tool) for tool in tools) and path_matches(rule.pattern, path)
    )


def verdict_on_text(rules: Sequence[Rule], tool: str, text: str) -> Verdict | None:
    """Return what the rules say of a call that works on neither a command nor files."""
    return strictest(
        rule.decision for rule in rules if fnmatchcase(tool, rule.tool) and fnmatchcase(text, rule.pattern)
    )


def words_match(pattern: str, words: Sequence[Word], surely: bool) -> bool:
    """Whether a command is what a pattern names.

    Parameters
    ----------
    surely
        Whether it must be for certain. A word that is known only when the command runs then matches nothing but a
        ``*`` at the end; otherwise it may be anything.
    """
    wanted = _pattern_words(pattern)
    open_end = wanted[-1:] == ["*"]
    wanted = wanted[:-1] if open_end else wanted
    if not wanted:
        return open_end
    if not surely and any(not word.certain for word in words):
        return _may_match(wanted, words)
    if len(words) < len(wanted) or (len(words) > len(wanted) and not open_end):
        return False
    return all(
        word.certain and _word_matches(word.text, each) for each, word in zip(wanted, words[: len(wanted)], strict=True)
    )


def path_matches(pattern: str, path: str) -> bool:
    """Whether a path, given with slashes from the folder, is what a glob names.

    Examples
    --------
    >>> [path_matches("src/**", p) for p in ("src/a.py", "src/b/c.py", "setup.py")]
    [True, True, False]
    """
    return pattern == "*" or bool(re.fullmatch(_glob(pattern), path, re.DOTALL))


def exactly(text: str) -> str:
    """Return the pattern that matches this text and no other.

    Examples
    --------
    >>> exactly("a*b")
    'a[*]b'
    """
    return re.sub(r"([*?\[])", r"[\1]", text)


def _pattern_words(pattern: str) -> list[str]:
    try:
        return shlex.split(pattern)
    except ValueError:
        # A quote that is never closed is no quote.
        return pattern.split(" ")


def _may_match(wanted: Sequence[str], words: Sequence[Word]) -> bool:
    for each, word in zip(wanted, words, strict=False):
        if not word.certain:
            return True
        if not _word_matches(word.text, each):
            return False
    return True


def _word_matches(text: str, pattern: str) -> bool:
    # A word of a rule that is a pattern itself stands for one word, never for an option in disguise.
    if pattern[:1] in ("*", "?") and text.startswith("-"):
        return False
    return fnmatchcase(text, pattern)


def _glob(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(piece, re.escape(piece)) for piece in pieces)
