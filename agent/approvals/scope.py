"""What an approval would allow beyond the one call: the rules it would keep, shown before they are kept."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.approvals.command_names import WITH_SUBCOMMANDS
from repowright.agent.approvals.harmless import danger
from repowright.agent.approvals.paths import beyond_rules, place_of, relative
from repowright.agent.approvals.rules import LONGEST_PATTERN, Rule, exactly
from repowright.agent.approvals.shell_parts import Part

_WITH_SUBCOMMANDS = frozenset(WITH_SUBCOMMANDS.split())
_INTERPRETER = re.compile(r"(.*/)?(python[0-9.]*|node|ruby|perl|php|deno|lua|Rscript|awk|gawk|sed)")


@dataclass(frozen=True)
class Pending:
    """One thing of a call that nothing allows yet.

    Parameters
    ----------
    what
        A program with its arguments, the path of a file, or any other text.
    """

    tool: str
    what: Part | Path | str
    why: str

    @property
    def text(self) -> str:
        """As people read it."""
        return self.what.text if isinstance(self.what, Part) else str(self.what)


def rules_to_keep(pending: Sequence[Pending], folder: Path) -> tuple[Rule, ...]:
    """Return the rules that would allow all of it from now on; none if one part of it must be asked every time."""
    rules = [_rule(each, folder) for each in pending]
    kept = [rule for rule in rules if rule is not None]
    return tuple(dict.fromkeys(kept)) if len(kept) == len(rules) else ()


def described(rule: Rule) -> str:
    """Return what a rule allows, as one line for people.

    Examples
    --------
    >>> described(Rule(decision="allow", tool="shell", pattern="git log *"))
    'shell: any command that begins with `git log`'
    """
    if rule.pattern == "*":
        return f"{rule.tool}: every call"
    if rule.pattern.endswith(" *"):
        return f"{rule.tool}: any command that begins with `{rule.pattern[:-2]}`"
    if rule.pattern.endswith("/**"):
        return f"{rule.tool}: every file below `{rule.pattern[:-2]}`"
    return f"{rule.tool}: `{rule.pattern}` alone"


def _rule(pending: Pending, folder: Path) -> Rule | None:
    what = pending.what
    if isinstance(what, Part):
        pattern = _command_pattern(what)
    elif isinstance(what, Path):
        pattern = _path_pattern(what.as_posix(), folder)
    else:
        pattern = exactly(what) or "*"
    if not pattern or len(pattern) > LONGEST_PATTERN or not pattern.isprintable() or pattern != pattern.strip():
        return None
    return Rule(decision="allow", tool=pending.tool, pattern=pattern)


def _command_pattern(part: Part) -> str:
    """Return how much of a command to allow: its beginning, or the whole where its arguments are what it does."""
    words = [word.text for word in part.words]
    if danger(part) or part.words[0].assigns:
        return _whole(part)
    known = _beginning(words)
    if not known or not all(word.certain for word in part.words[:known]):
        return _whole(part)
    return " ".join([*(shlex.quote(exactly(word)) for word in words[:known]), "*"])


def _beginning(words: Sequence[str]) -> int:
    """Return how many words say which program it is, 0 if only the whole command does."""
    if _INTERPRETER.fullmatch(words[0]):
        if words[1:2] == ["-m"] and len(words) > 2:
            return 3
        return 2 if len(words) > 1 and re.fullmatch(r"[\w./-]+\.\w+", words[1]) and words[1][0] != "-" else 0
    if words[0] in _WITH_SUBCOMMANDS:
        return 2 if len(words) > 1 and words[1][0:1].isalpha() else 0
    return 1


def _whole(part: Part) -> str:
    return " ".join(shlex.quote(exactly(word.text)) for word in part.words) if part.certain else ""


def _path_pattern(path: str, folder: Path) -> str:
    clean = relative(path, folder)
    if clean is None or beyond_rules(clean):
        return ""
    above = posixpath.dirname(clean)
    if place_of(path, folder) == "protected" or not above:
        return exactly(clean)
    return f"{exactly(above)}/**"
