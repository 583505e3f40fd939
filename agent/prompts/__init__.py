"""Prompts as data: Markdown files with named holes, addressed by name and hashed by content.

A file holds the system message, a line ``=== user ===`` and the user message. Holes are Jinja
expressions; one that is not filled raises, and ``{% include %}`` brings in rules that several prompts
share. The hash covers the file and all it includes, so a changed prompt never answers from an old record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, meta

from repowright.agent.llm.types import Message

_FOLDER = Path(__file__).parent
_SEPARATOR = "=== user ===\n"


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_FOLDER),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


@lru_cache(maxsize=256)
def prompt_hash(name: str) -> str:
    """Return the content address of a prompt and all it includes: 16 hex digits of SHA-256."""
    digest = hashlib.sha256()
    waiting, seen = [f"{name}.md"], set[str]()
    while waiting:
        file = waiting.pop(0)
        if file in seen:
            continue
        seen.add(file)
        source = (_FOLDER / file).read_text(encoding="utf-8")
        digest.update(f"{file}\0{source}\0".encode())
        found = meta.find_referenced_templates(_environment().parse(source))
        waiting.extend(sorted(reference for reference in found if reference))
    return digest.hexdigest()[:16]


def render(name: str, holes: Mapping[str, object]) -> tuple[Message, ...]:
    """Fill a prompt's holes and return its system and user messages.

    Raises
    ------
    jinja2.UndefinedError
        If a hole is not filled.
    """
    text = _environment().get_template(f"{name}.md").render(dict(holes))
    system, separator, user = text.partition(_SEPARATOR)
    if not separator:
        raise ValueError(f"prompt {name} has no line {_SEPARATOR.strip()!r}")
    return Message(role="system", content=system.strip()), Message(role="user", content=user.strip())


def names() -> list[str]:
    """Return the names of all prompts, shared rules left out."""
    paths = sorted(_FOLDER.rglob("*.md"))
    return [path.relative_to(_FOLDER).with_suffix("").as_posix() for path in paths if not path.name.startswith("_")]
