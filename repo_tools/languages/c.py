"""Facts of C files, their headers and macros, by tree-sitter on the text before preprocessing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tree_sitter import Node

from repowright.repo_tools.facts import MODULE, Call, FileFacts, Use
from repowright.repo_tools.languages.c_bindings import bindings_of
from repowright.repo_tools.languages.c_definitions import conditions_of, guards_of, places_of
from repowright.repo_tools.languages.c_preprocessor import expansion_of, includes_of, without_linkage
from repowright.repo_tools.languages.c_syntax import BUILT_IN, GRAMMAR, KEYWORDS, QUERY
from repowright.repo_tools.languages.compiled_calls import calls_of
from repowright.repo_tools.languages.compiled_names import Known, Locals, locals_of, uses_of
from repowright.repo_tools.languages.compiled_places import Outline, ScopeMap, outline_of
from repowright.repo_tools.languages.compiled_source import LeadingText, SourceText, captures_of, problems_of
from repowright.repo_tools.languages.grammar import as_utf8
from repowright.repo_tools.languages.source_guard import line_count, minified, too_large

Captures = Mapping[str, list[Node]]


class CFrontend:
    """Reads C as written: every branch of a preprocessor condition, macros unexpanded."""

    name = "c"
    extensions = (".c", ".h")
    version = 1

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        refused = too_large(source) or minified(path, source)
        if refused is not None:
            return FileFacts(path, self.name, line_count(source), errors=(refused,))
        text = SourceText(without_linkage(as_utf8(source)))
        root = GRAMMAR.parse(text.data).root_node
        found = captures_of(GRAMMAR, QUERY, root)
        leading = LeadingText(text, found.get("comment", []))
        guards = guards_of(found, text)
        places = places_of(found, text, path.endswith(".h"), guards)
        outline = outline_of(text, places, leading, conditions_of(found, guards))
        scopes = outline.scopes()
        local = locals_of(found.get("local", []), text, scopes)
        includes = includes_of(found.get("include", []), text, scopes)
        known = Known(None if includes else _defined(outline), BUILT_IN | frozenset(guards.values()))
        calls, uses = _read_names(found, text, outline, scopes, local, known)
        return FileFacts(
            path=path,
            language=self.name,
            lines=text.lines,
            definitions=outline.definitions,
            imports=tuple(includes),
            calls=tuple(calls),
            uses=tuple(uses),
            bindings=tuple(bindings_of(found, text, outline, local)),
            docstring=leading.opening(outline.first_line),
            errors=problems_of(GRAMMAR, root, text, pardoned=";"),
        )


def _defined(outline: Outline) -> frozenset[bytes]:
    return frozenset(definition.name.encode() for definition in outline.definitions)


def _starts(nodes: Iterable[Node]) -> set[int]:
    return {node.start_byte for node in nodes}


def _read_names(
    found: Captures, text: SourceText, outline: Outline, scopes: ScopeMap, local: Locals, known: Known
) -> tuple[list[Call], list[Use]]:
    """Calls and uses of the code and of macro bodies, in source order."""
    declared = _starts(found.get("declared", []))
    callees = found.get("callee", [])
    calls = [call for call in calls_of(callees, declared, text, scopes) if call.callee not in KEYWORDS]
    names = sorted((*found.get("name", []), *found.get("type", [])), key=lambda node: node.start_byte)
    called = {node.start_byte for node in callees if node.type == "identifier"}
    skipped = declared | _starts(found.get("local", [])) | called
    uses = uses_of(names, skipped, text, scopes, local, known)
    macros = outline.index_at()
    for node in found.get("macro", []):
        index = macros.get(node.start_byte, MODULE)
        more_calls, more_uses = expansion_of(node, index, text)
        calls += more_calls
        uses += [use for use in more_uses if known.admits(use.name.encode())]
    return sorted(calls, key=lambda call: call.line), sorted(uses, key=lambda use: use.line)
