"""The resolver of all languages."""

from __future__ import annotations

from functools import cache

from repowright.graph.encode.contribution import Contribution, EdgeRow, World
from repowright.graph.encode.resolve.c import C
from repowright.graph.encode.resolve.go import Go
from repowright.graph.encode.resolve.java import Java
from repowright.graph.encode.resolve.javascript import JavaScript
from repowright.graph.encode.resolve.language import Language
from repowright.graph.encode.resolve.offers import contribution_of
from repowright.graph.encode.resolve.python import Python
from repowright.graph.encode.resolve.rust import Rust
from repowright.graph.encode.resolve.sites import Sites
from repowright.repo_tools.facts import FileFacts


class Linker:
    """Finds what names stand for, in every language by the same rules; languages differ in how imports find files.

    It keeps nothing: what it knows of other files it asks the world, every time.
    """

    def contribution(self, facts: FileFacts) -> Contribution:
        """What this file offers to others."""
        language = language_of(facts.language)
        return Contribution() if language is None else contribution_of(facts, language)

    def resolve(self, facts: FileFacts, world: World) -> list[EdgeRow]:
        """Edges that lead from this file and its definitions, sorted."""
        language = language_of(facts.language)
        return [] if language is None else Sites(facts, language, world).rows()


@cache
def language_of(name: str) -> Language | None:
    """Return the rules of a language by its frontend's name; `None` for one without rules."""
    made: dict[str, Language] = {
        "c": C(),
        "go": Go(),
        "java": Java(),
        "javascript": JavaScript(),
        "python": Python(),
        "rust": Rust(),
        "typescript": JavaScript(),
    }
    return made.get(name)
