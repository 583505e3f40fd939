"""Facts of TypeScript files."""

from __future__ import annotations

import tree_sitter_typescript

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.grammar import Grammar
from repowright.repo_tools.languages.javascript_facts import read_source
from repowright.repo_tools.languages.javascript_query import TSX, TYPESCRIPT


class TypeScriptFrontend:
    """Reads TypeScript, with JSX where the file's name says so."""

    name = "typescript"
    extensions = (".ts", ".tsx", ".mts", ".cts")
    version = 1

    def __init__(self) -> None:
        self._plain = Grammar(tree_sitter_typescript.language_typescript)
        self._with_jsx = Grammar(tree_sitter_typescript.language_tsx)

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        if path.lower().endswith(".tsx"):
            return read_source(path, source, self.name, self._with_jsx, TSX)
        return read_source(path, source, self.name, self._plain, TYPESCRIPT)
