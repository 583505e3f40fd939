"""The code of an answer: fenced blocks with the file each is meant for, as far as the answer says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from repowright.agent.workflows.translate.answers.asked import Note
from repowright.repo_tools.rust_source import read_items

_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^\n`]*)$", re.MULTILINE)
_HEADER_LINES = 2
_HEADER_LENGTH = 160


@dataclass(frozen=True)
class CodeBlock:
    """One piece of code of an answer."""

    text: str
    path: str = ""
    """The file the answer names for it; empty where it names none."""
    closed: bool = True


@dataclass(frozen=True)
class Blocks:
    """The code an answer holds."""

    blocks: tuple[CodeBlock, ...]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Dialect:
    """How answers show code of a language.

    Parameters
    ----------
    endings
        Of files that answers name.
    languages
        What fences of its code are called.
    ending
        Of its own files.
    remark
        What a remark of one line begins with.
    is_code
        Tells whether a text without fences is code.
    """

    endings: tuple[str, ...]
    languages: frozenset[str]
    ending: str
    remark: str
    is_code: Callable[[str], bool]

    def path(self, text: str) -> str:
        """The file that a text names; empty for none."""
        found = re.search(rf"(?P<path>(?:[\w.-]+/)*[\w-]+\.(?:{'|'.join(self.endings)}))", text)
        return found["path"] if found is not None else ""


def _is_rust(text: str) -> bool:
    source = read_items(text.encode())
    first = source.problems[0].line if source.problems else 0
    return bool(source.items) and (not source.problems or source.items[0].line < first)


RUST = Dialect(("rs", "toml"), frozenset({"", "rust", "rs", "rust,no_run", "rust,ignore"}), "rs", "//", _is_rust)


def find_blocks(answer: str, dialect: Dialect = RUST) -> Blocks:
    """Find the code of an answer, in fences, as JSON of files, or bare."""
    text = answer.replace("\r\n", "\n")
    files = _from_json(text)
    if files is not None:
        return Blocks(files, (Note.JSON,))
    blocks = tuple(_fenced(text, dialect))
    if not blocks:
        bare = text.strip()
        return (
            Blocks((CodeBlock(bare, _leading_path(bare, dialect)),), (Note.NO_FENCE,))
            if dialect.is_code(bare)
            else Blocks(())
        )
    notes = [] if all(block.path for block in blocks) else [Note.NO_HEADER]
    notes += [Note.SEVERAL_BLOCKS] if len(blocks) > len({block.path for block in blocks}) else []
    notes += [] if blocks[-1].closed else [Note.OPEN_FENCE]
    return Blocks(blocks, tuple(notes))


def _from_json(text: str) -> tuple[CodeBlock, ...] | None:
    """Read ``{"files": {path: text}}``, ``{path: text}`` or a list of path and content, in a fence or bare."""
    inner = re.fullmatch(r"\s*(?:```(?:json)?\n)?(?P<body>[\[{].*[\]}])\s*(?:```)?\s*", text, re.DOTALL)
    if inner is None:
        return None
    try:
        found = json.loads(inner["body"])
    except (json.JSONDecodeError, RecursionError):
        return None
    found = found.get("files", found) if isinstance(found, dict) else found
    if isinstance(found, dict):
        pairs = [(str(path), content) for path, content in found.items()]
    else:
        listed = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        pairs = [(str(each.get("path", "")), each.get("content", each.get("code"))) for each in listed]
    blocks = tuple(CodeBlock(content, path) for path, content in pairs if isinstance(content, str))
    return blocks if blocks and len(blocks) == len(pairs) else None


def _fenced(text: str, dialect: Dialect) -> Iterator[CodeBlock]:
    place = 0
    while (opening := _FENCE.search(text, place)) is not None:
        closing = _closing(text, opening)
        end = closing.start() if closing is not None else len(text)
        language, _, rest = opening["info"].strip().partition(" ")
        language, _, named = language.partition(":")
        body = text[opening.end() + 1 : end]
        if language.lower() in dialect.languages or named.endswith(f".{dialect.ending}"):
            above = text[place : opening.start()]
            path = dialect.path(named) or dialect.path(rest) or _header(above, dialect) or _leading_path(body, dialect)
            yield CodeBlock(body, path, closing is not None)
        if closing is None:
            return
        place = closing.end()


def _closing(text: str, opening: re.Match[str]) -> re.Match[str] | None:
    """The fence that ends a block: of the same mark, at least as long, and with nothing behind it."""
    for found in _FENCE.finditer(text, opening.end()):
        if found["mark"].startswith(opening["mark"]) and not found["info"].strip():
            return found
    return None


def _header(above: str, dialect: Dialect) -> str:
    """The file that the last lines before a fence name."""
    lines = [line for line in above.splitlines() if line.strip()][-_HEADER_LINES:]
    return next((path for line in reversed(lines) if len(line) < _HEADER_LENGTH and (path := dialect.path(line))), "")


def _leading_path(body: str, dialect: Dialect) -> str:
    """The file that a comment on the first line names."""
    first = body.lstrip().partition("\n")[0].strip()
    return dialect.path(first) if first.startswith(dialect.remark) and len(first) < _HEADER_LENGTH else ""
