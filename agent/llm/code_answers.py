"""Reads the code in an answer written as free text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from repowright.agent.llm.json_answers import without_thoughts
from repowright.agent.llm.repair import Unusable
from repowright.repo_tools.python_source import syntax_error

_OPENING = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_PATH = re.compile(r"[A-Za-z0-9_][\w.-]*(?:/[\w.-]+)*\.[A-Za-z][A-Za-z0-9]{0,5}")
_NAMING_LINE = re.compile(rf"^[\s#/*`_:.0-9)-]*(?:file(?:name)?\s*:?\s*)?[`*_\"']*({_PATH.pattern})[`*_\"':\s]*$", re.I)
_PYTHON = ("", "python", "py", "python3")


@dataclass(frozen=True)
class Fence:
    """One fenced block of an answer; ``path`` is the file it is said to be, if any."""

    language: str
    path: str
    code: str
    closed: bool


def read_code(text: str, path: str = "") -> str:
    """The Python code of an answer that holds one file.

    Of several blocks the one named ``path`` counts, else the largest; text without a block counts when all of
    it is Python.

    Raises
    ------
    Unusable
        If there is no code, it is cut off, or it is not valid Python.
    """
    plain = without_thoughts(text)
    found = [fence for fence in fences(plain) if fence.language in _PYTHON]
    if not found:
        return _bare(plain)
    named = [fence for fence in found if path and _same_file(fence.path, path)]
    chosen = named[-1] if named else max(found, key=lambda fence: len(fence.code))
    return _checked(chosen, path)


def read_files(text: str) -> Mapping[str, str]:
    """The files of an answer whose blocks are named, by path; Python files are valid Python.

    Raises
    ------
    Unusable
        If no block has a name, or one is cut off or is not valid Python.
    """
    named = [fence for fence in fences(without_thoughts(text)) if fence.path]
    if not named:
        raise Unusable(["no file is there: give each file in its own fenced block, with its path on the line before"])
    files: dict[str, str] = {}
    problems: list[str] = []
    for fence in named:
        try:
            files[fence.path] = _checked(fence, fence.path)
        except Unusable as err:
            problems += err.problems
    if problems:
        raise Unusable(problems)
    return files


def fences(text: str) -> list[Fence]:
    """The fenced blocks of ``text`` in order; the last may be unclosed."""
    lines = text.replace("\r\n", "\n").split("\n")
    found: list[Fence] = []
    at = 0
    while at < len(lines):
        opening = _OPENING.match(lines[at])
        if opening is None:
            at += 1
            continue
        end, closed = _end_of(lines, at, opening[1], opening[2])
        found.append(_fence(opening[2], _line_before(lines, at), "\n".join(lines[at + 1 : end]), closed))
        at = end + 1
    return found


def syntax_problem(code: str) -> str:
    """Why ``code`` is not valid Python, in one line; empty if it is."""
    return syntax_error(code) or ""


def _end_of(lines: list[str], start: int, mark: str, info: str) -> tuple[int, bool]:
    """Index of the closing line: the first after which the block is whole Python, else the first at all.

    Code whose docstring shows a fenced example holds lines that look like its end.
    """
    closing = re.compile(rf"^ {{0,3}}{re.escape(mark[0])}{{{len(mark)},}}[ \t]*$")
    ends = [at for at in range(start + 1, len(lines)) if closing.match(lines[at])]
    if not ends:
        return len(lines), False
    if _language(info) in _PYTHON:
        for end in ends:
            if not syntax_problem("\n".join(lines[start + 1 : end])):
                return end, True
    return ends[0], True


def _fence(info: str, before: str, code: str, closed: bool) -> Fence:
    named = _PATH.search(info)
    path = named[0] if named else ""
    first = code.lstrip("\n").partition("\n")[0]
    for line in (before, first if first.lstrip()[:1] in ("#", "/") else ""):
        match = _NAMING_LINE.match(line)
        if not path and match:
            path = match[1]
    return Fence(_language(info), path, code.strip("\n") + "\n" if code.strip() else "", closed)


def _language(info: str) -> str:
    word = info.split()[0].lower() if info.split() else ""
    return "" if _PATH.fullmatch(word) and word.endswith(".py") else word.partition(":")[0]


def _line_before(lines: list[str], at: int) -> str:
    earlier = [line for line in lines[max(0, at - 2) : at] if line.strip()]
    return earlier[-1] if earlier else ""


def _same_file(one: str, other: str) -> bool:
    return one == other or (bool(one) and other.endswith(f"/{one}"))


def _checked(fence: Fence, path: str) -> str:
    where = f"{path}: " if path else ""
    if not fence.closed:
        raise Unusable([f"{where}the code block is cut off: it never ends"])
    if not fence.code:
        raise Unusable([f"{where}the code block is empty"])
    problem = syntax_problem(fence.code) if fence.language in _PYTHON and _is_python(path) else ""
    if problem:
        raise Unusable([f"{where}the code is not valid Python: {problem}"])
    return fence.code


def _is_python(path: str) -> bool:
    return not path or path.endswith(".py")


def _bare(text: str) -> str:
    code = text.strip()
    if not code:
        raise Unusable(["the answer is empty"])
    # A word or a sentence of names can parse; code has a statement.
    if not syntax_problem(code) and re.search(r"^\s*(?:def|class|import|from|async|@|\w+\s*[:=(])", code, re.M):
        return f"{code}\n"
    raise Unusable(["there is no code: give it in one fenced block that begins with ```python"])
