"""The code of an answer: fenced blocks with the file each is meant for, as far as the answer says so."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from repowright.agent.workflows.translate.answers.asked import Note
from repowright.repo_tools.rust_source import read_items

_FENCE = re.compile(r"^ {0,3}(?P<mark>`{3,}|~{3,})(?P<info>[^\n`]*)$", re.MULTILINE)
_PATH = re.compile(r"(?P<path>(?:[\w.-]+/)*[\w-]+\.(?:rs|toml))")
_RUST = frozenset({"", "rust", "rs", "rust,no_run", "rust,ignore"})
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


def find_blocks(answer: str) -> Blocks:
    """Find the code of an answer, in fences, as JSON of files, or bare."""
    text = answer.replace("\r\n", "\n")
    files = _from_json(text)
    if files is not None:
        return Blocks(files, (Note.JSON,))
    blocks = tuple(_fenced(text))
    if not blocks:
        bare = text.strip()
        return Blocks((CodeBlock(bare, _leading_path(bare)),), (Note.NO_FENCE,)) if _is_rust(bare) else Blocks(())
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


def _fenced(text: str) -> Iterator[CodeBlock]:
    place = 0
    while (opening := _FENCE.search(text, place)) is not None:
        closing = _closing(text, opening)
        end = closing.start() if closing is not None else len(text)
        language, _, rest = opening["info"].strip().partition(" ")
        language, _, named = language.partition(":")
        body = text[opening.end() + 1 : end]
        if language.lower() in _RUST or named.endswith(".rs"):
            above = text[place : opening.start()]
            path = _path(named) or _path(rest) or _header(above) or _leading_path(body)
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


def _path(text: str) -> str:
    found = _PATH.search(text)
    return found["path"] if found is not None else ""


def _header(above: str) -> str:
    """The file that the last lines before a fence name."""
    lines = [line for line in above.splitlines() if line.strip()][-_HEADER_LINES:]
    return next((path for line in reversed(lines) if len(line) < _HEADER_LENGTH and (path := _path(line))), "")


def _leading_path(body: str) -> str:
    """The file that a comment on the first line names."""
    first = body.lstrip().partition("\n")[0].strip()
    return _path(first) if first.startswith("//") and len(first) < _HEADER_LENGTH else ""


def _is_rust(text: str) -> bool:
    source = read_items(text.encode())
    first = source.problems[0].line if source.problems else 0
    return bool(source.items) and (not source.problems or source.items[0].line < first)
