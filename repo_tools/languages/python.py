"""Facts of Python files by tree-sitter, which reads what is whole in a broken file."""

from __future__ import annotations

from itertools import chain
from typing import TypeVar

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.python_bases import bases_of
from repowright.repo_tools.languages.python_bindings import Bindings
from repowright.repo_tools.languages.python_calls import calls_of
from repowright.repo_tools.languages.python_definitions import Definitions
from repowright.repo_tools.languages.python_exports import exports_of
from repowright.repo_tools.languages.python_imports import imports_of
from repowright.repo_tools.languages.python_syntax import GRAMMAR, Source, unpadded
from repowright.repo_tools.languages.python_text import module_docstring
from repowright.repo_tools.languages.python_uses import Names, uses_of
from repowright.repo_tools.languages.source_guard import line_count, problems_of, too_large


class PythonFrontend:
    """Reads Python source, broken or not, up to the newest syntax the grammar knows."""

    name = "python"
    extensions = (".py", ".pyi")
    version = 3

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
        problem = too_large(source)
        if problem:
            return FileFacts(path, self.name, line_count(source), errors=(problem,))
        return _facts(path, self.name, Source(source))


def _facts(path: str, language: str, source: Source) -> FileFacts:
    definitions = Definitions(source).read()
    records, scopes = definitions.records, definitions.scopes
    imports = imports_of(source, scopes)
    names = Names(source, scopes, records, imports)
    bases = bases_of(source, scopes)
    facts = FileFacts(
        path,
        language,
        source.lines,
        tuple(records),
        tuple(imports),
        tuple(calls_of(source, scopes, names.rebound)),
        tuple(uses_of(source, scopes, names, {start for start, _ in bases})),
        tuple(Bindings(source, definitions).read()),
        tuple(base for _, base in bases),
        module_docstring(source.text),
        "",
        exports_of(source, scopes),
        tuple(problems_of(source.data, source.tree.root_node, GRAMMAR)),
    )
    return facts if source.is_ascii else _unpadded(facts)


def _unpadded(facts: FileFacts) -> FileFacts:
    """The facts with the text that was written, where a character took several bytes."""
    return facts._replace(
        definitions=_plain(facts.definitions),
        imports=_plain(facts.imports),
        calls=_plain(facts.calls),
        uses=_plain(facts.uses),
        bindings=_plain(facts.bindings),
        inheritances=_plain(facts.inheritances),
        docstring=unpadded(facts.docstring),
        exports=facts.exports and tuple(map(unpadded, facts.exports)),
        errors=_plain(facts.errors),
    )


_Record = TypeVar("_Record", bound=tuple[object, ...])


def _plain(records: tuple[_Record, ...]) -> tuple[_Record, ...]:
    """Records with their texts as written; most have nothing to change."""
    if not records or _is_plain(tuple(chain.from_iterable(records))):
        return records
    return tuple([one if _is_plain(one) else _make(type(one), map(_plain_value, one)) for one in records])


def _is_plain(record: tuple[object, ...]) -> bool:
    if not "".join([value for value in record if isinstance(value, str)]).isascii():
        return False
    return all([_is_plain(value) for value in record if isinstance(value, tuple)])


def _plain_value(value: object) -> object:
    if isinstance(value, str):
        return unpadded(value)
    return tuple(map(_plain_value, value)) if isinstance(value, tuple) else value


_make = tuple.__new__
