"""Facts of JavaScript files."""

from __future__ import annotations

import tree_sitter_javascript

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.grammar import Grammar
from repowright.repo_tools.languages.javascript_facts import read_source
from repowright.repo_tools.languages.javascript_query import JAVASCRIPT


class JavaScriptFrontend:
    """Reads JavaScript, modules of both kinds and JSX."""

    name = "javascript"
    extensions = (".js", ".jsx", ".mjs", ".cjs")
    version = 1

    def __init__(self) -> None:
        self._grammar = Grammar(tree_sitter_javascript.language)

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        return read_source(path, source, self.name, self._grammar, JAVASCRIPT)
