"""Programs that start another program from their arguments: what they start is judged for itself."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repowright.agent.approvals.command_names import STARTING_OTHERS
from repowright.agent.approvals.shell_words import NotUnderstood, Word

Words = tuple[Word, ...]
Unwrapped = tuple[Words, str | None]
"""A program with its arguments; or a text that a shell runs, with no words."""

_SHELLS = frozenset({"sh", "bash", "dash"})
_OTHER_SHELLS = frozenset({"zsh", "fish", "ksh", "csh", "tcsh", "ash", "busybox"})
_REFUSED = frozenset(STARTING_OTHERS.split())
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_DURATION = re.compile(r"[0-9]+(\.[0-9]+)?[smhd]?")
_FIND_ACTIONS = frozenset({"-exec", "-execdir", "-ok", "-okdir"})
_XARGS_FLAGS = frozenset({"-0", "-r", "-t", "-x", "--null", "--no-run-if-empty", "-0r", "-r0"})
_XARGS_VALUES = ("-n", "-P", "-L", "-s", "-d", "-E", "-I")
_MORE = Word("...", certain=False)


def unwrapped(words: Words) -> Iterator[Unwrapped]:
    """Yield what a command starts: itself, or what its wrappers start.

    Raises
    ------
    NotUnderstood
        If a wrapper's arguments do not say for certain what it starts.
    """
    ahead = next((at for at, word in enumerate(words) if not word.assigns), len(words))
    given, program = words[:ahead], words[ahead:]
    name = program[0].text.rpartition("/")[2] if program else ""
    if name in _SHELLS:
        _without_assignments(given, name)
        yield (), _script(program)
    elif name in _OTHER_SHELLS or name in _REFUSED:
        raise NotUnderstood(f"{name} starts other programs in a way that is not read")
    elif name == "find":
        yield from _find(given, program)
    elif name == "xargs":
        _without_assignments(given, name)
        yield from unwrapped(_xargs(program[1:]))
    elif name in _SIMPLE:
        yield from unwrapped((*given, *_taken_off(name, program)))
    else:
        yield words, None


def _taken_off(name: str, program: Words) -> Words:
    inner = _SIMPLE[name](program)
    if not all(word.certain for word in program[: len(program) - len(inner)]):
        raise NotUnderstood(f"{name} gets options that are known only when it runs")
    return inner


def _without_assignments(given: Words, name: str) -> None:
    if given:
        raise NotUnderstood(f"variables are set for {name} and all that it starts")


def _script(program: Words) -> str:
    at = next((at for at, word in enumerate(program[1:], 1) if word.text[:1] not in ("-", "+")), 0)
    flags = [word.text for word in program[1:at]]
    reads_text = re.fullmatch(r"(-[eux]+ )*-[eux]*c", " ".join(flags))
    if not reads_text or not program[at].certain:
        raise NotUnderstood("a shell runs a text that is not written here")
    return program[at].text


def _env(program: Words) -> Words:
    rest = program[1:]
    if not rest:
        return (Word("printenv", bare=True),)
    if rest[0].text.startswith("-"):
        raise NotUnderstood("the options of env are not read")
    ahead = next((at for at, word in enumerate(rest) if not _ASSIGNMENT.match(word.text)), len(rest))
    if not all(word.certain for word in rest[:ahead]):
        raise NotUnderstood("env gets arguments that are known only when it runs")
    if ahead == len(rest):
        return (Word("printenv", bare=True),)
    return (*(Word(word.text, word.certain, word.bare, assigns=True) for word in rest[:ahead]), *_inner(rest[ahead:]))


def _timeout(program: Words) -> Words:
    rest = program[1:]
    while rest and rest[0].text.startswith("-"):
        rest = rest[2:] if rest[0].text in ("-s", "-k") else rest[1:]
    if not rest or not rest[0].certain or not _DURATION.fullmatch(rest[0].text):
        raise NotUnderstood("the options of timeout are not read")
    return _inner(rest[1:])


def _nice(program: Words) -> Words:
    rest = program[1:]
    if rest and rest[0].text == "-n":
        return _inner(rest[2:])
    if rest and re.fullmatch(r"-n?-?[0-9]+", rest[0].text):
        return _inner(rest[1:])
    return _inner(rest)


def _nohup(program: Words) -> Words:
    return _inner(program[1:])


def _stdbuf(program: Words) -> Words:
    rest = program[1:]
    while rest and re.fullmatch(r"-[ioe][L0-9]+", rest[0].text):
        rest = rest[1:]
    return _inner(rest)


def _command(program: Words) -> Words:
    if len(program) == 3 and program[1].text in ("-v", "-V"):
        return (Word("which", bare=True), program[2])
    return _inner(program[1:])


_SIMPLE = {
    "env": _env,
    "timeout": _timeout,
    "nice": _nice,
    "nohup": _nohup,
    "stdbuf": _stdbuf,
    "command": _command,
}


def _inner(words: Words) -> Words:
    if not words or not words[0].certain or words[0].text.startswith("-"):
        raise NotUnderstood("which program is started cannot be told")
    # Whatever stood in front was no assignment: NAME=value here is the name of a program.
    return tuple(Word(word.text, word.certain, word.bare) for word in words)


def _xargs(rest: Words) -> Words:
    replaced = ""
    while rest and rest[0].text.startswith("-"):
        if not rest[0].certain:
            raise NotUnderstood("the options of xargs are not read")
        option, taken = _xargs_option(rest)
        replaced = option if rest[0].text.startswith("-I") else replaced
        rest = rest[taken:]
    inner = _inner(rest) if rest else (Word("echo", bare=True),)
    if replaced and replaced in inner[0].text:
        raise NotUnderstood("which program xargs starts is known only when it runs")
    known = [Word(word.text, word.certain and (not replaced or replaced not in word.text)) for word in inner[1:]]
    return (inner[0], *known, _MORE)


def _xargs_option(rest: Words) -> tuple[str, int]:
    text = rest[0].text
    if text in _XARGS_FLAGS:
        return "", 1
    if text in _XARGS_VALUES and len(rest) > 1 and rest[1].certain:
        return rest[1].text, 2
    if text.startswith(_XARGS_VALUES) and len(text) > 2:
        return text[2:], 1
    raise NotUnderstood(f"the option {text} of xargs is not read")


def _find(given: Words, program: Words) -> Iterator[Unwrapped]:
    if not all(word.certain for word in program):
        raise NotUnderstood("find gets arguments that are known only when it runs; quote its patterns")
    kept: list[Word] = []
    rest = program
    while rest:
        if rest[0].text not in _FIND_ACTIONS:
            kept.append(rest[0])
            rest = rest[1:]
            continue
        _without_assignments(given, "find")
        end = _end_of_action(rest)
        if not end:
            raise NotUnderstood("the end of -exec is missing")
        started = _inner(rest[1:end])
        if "{}" in started[0].text:
            raise NotUnderstood("which program find starts is known only when it runs")
        yield from unwrapped(tuple(Word(word.text, "{}" not in word.text, word.bare) for word in started))
        rest = rest[end + 1 :]
    yield (*given, *kept), None


def _end_of_action(rest: Words) -> int:
    """Return where ``;`` or ``{} +`` stands, 0 if nowhere."""
    ends = (
        at
        for at, word in enumerate(rest)
        if word.text == ";" or (word.text == "+" and at and rest[at - 1].text == "{}")
    )
    return next(ends, 0)
