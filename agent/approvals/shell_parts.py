"""Which programs a command line starts, and with which arguments: wrappers and keywords are taken off."""

from __future__ import annotations

import re
from dataclasses import dataclass

from repowright.agent.approvals.command_names import CHANGING_MEANING, QUIET_VARIABLES
from repowright.agent.approvals.shell_words import NotUnderstood, Simple, Word, simple_commands
from repowright.agent.approvals.wrappers import unwrapped

_LEADING = frozenset({"if", "then", "elif", "else", "while", "until", "do", "!", "{", "time"})
_CLOSING = frozenset({"fi", "done", "}"})
_REFUSED = frozenset(CHANGING_MEANING.split())
_PLAIN_SET = re.compile(r"[-+][euxo]+|pipefail|errexit|nounset|xtrace")
_LOWER_NAME = re.compile(r"(?!.*_proxy)[a-z_][a-z0-9_]*")
_QUIET_VARIABLES = frozenset(QUIET_VARIABLES.split())
_DEEPEST_TEXT = 4


@dataclass(frozen=True)
class Part:
    """One program with its arguments, as a rule sees it.

    Parameters
    ----------
    words
        Assignments that change what the program does stand in front.
    """

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        """The words with a space between."""
        return " ".join(word.text for word in self.words)

    @property
    def certain(self) -> bool:
        """Whether the program gets exactly these words."""
        return all(word.certain for word in self.words)


@dataclass(frozen=True)
class Reading:
    """What a command line does, as far as its text tells.

    Parameters
    ----------
    writes, reads
        Files of redirections.
    unclear
        Why it is not understood; then nothing else is known.
    """

    parts: tuple[Part, ...] = ()
    writes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    unclear: str = ""


def read_command(text: str) -> Reading:
    """Read a command line; never raises, since what is not understood is said in `Reading.unclear`."""
    try:
        return _read(text, 0)
    except NotUnderstood as err:
        return Reading(unclear=str(err))


def _read(text: str, depth: int) -> Reading:
    if depth > _DEEPEST_TEXT:
        raise NotUnderstood("shells start shells too deep")
    commands = simple_commands(text)
    parts: list[Part] = []
    writes = [_place(each.target) for one in commands for each in one.redirects if each.writes]
    reads = [_place(each.target) for one in commands for each in one.redirects if not each.writes]
    for command in commands:
        for words, script in unwrapped(_program(command)):
            if script is None:
                parts.append(Part(_started(words)))
                continue
            inner = _read(script, depth + 1)
            parts += inner.parts
            writes += inner.writes
            reads += inner.reads
    _check_moves(parts, writes)
    return Reading(
        tuple(dict.fromkeys(part for part in parts if part.words)),
        tuple(dict.fromkeys(writes)),
        tuple(dict.fromkeys(reads)),
    )


def _program(command: Simple) -> tuple[Word, ...]:
    """Return the command without keywords; empty where nothing is started."""
    words = command.words
    while words and words[0].bare and words[0].text in _LEADING:
        words = words[1:]
    if words and words[0].bare and words[0].text in _CLOSING:
        if len(words) > 1:
            raise NotUnderstood(f"something follows {words[0].text}")
        return ()
    if words and words[0].bare and words[0].text == "for":
        return _loop(words)
    return words


def _loop(words: tuple[Word, ...]) -> tuple[Word, ...]:
    if len(words) < 2 or not _LOWER_NAME.fullmatch(words[1].text):
        raise NotUnderstood("a loop sets a variable that programs may read")
    return ()


def _started(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return program and arguments, with the assignments that matter in front."""
    ahead = next((at for at, word in enumerate(words) if not word.assigns), len(words))
    given, program = words[:ahead], words[ahead:]
    if not program:
        _check_variables(given)
        return ()
    first = program[0]
    if not first.certain or not first.text:
        raise NotUnderstood("which program runs is known only when it runs")
    plain = first.text == "set" and all(word.certain and _PLAIN_SET.fullmatch(word.text) for word in program[1:])
    if first.text in _REFUSED and not plain:
        raise NotUnderstood(f"{first.text} changes what the words after it mean")
    return (*(word for word in given if _name(word) not in _QUIET_VARIABLES), *program)


def _check_variables(given: tuple[Word, ...]) -> None:
    for word in given:
        if not _LOWER_NAME.fullmatch(_name(word)):
            raise NotUnderstood(f"it sets {_name(word)} for what follows")


def _name(word: Word) -> str:
    return word.text.partition("=")[0].removesuffix("+")


def _place(target: Word) -> str:
    if not target.certain or not target.text:
        raise NotUnderstood("a redirection goes to a place that is known only when it runs")
    return target.text


def _check_moves(parts: list[Part], writes: list[str]) -> None:
    moved = any(part.words and part.words[0].text == "cd" for part in parts)
    if moved and any(not target.startswith("/") for target in writes):
        raise NotUnderstood("it changes the folder and writes a file relative to it")
