"""Reads preprocessed C declaration by declaration; one that is broken costs only itself."""

from __future__ import annotations

from dataclasses import replace

from repowright.repo_tools.c_source.bodies import Body, BodyReader
from repowright.repo_tools.c_source.c_types import (
    INT,
    Array,
    CType,
    FunctionType,
    Parameter,
    Site,
    Tagged,
    Typedef,
    Unreadable,
)
from repowright.repo_tools.c_source.cursor import Cursor
from repowright.repo_tools.c_source.declarations import DeclarationReader, Declared, Specifiers
from repowright.repo_tools.c_source.errors import CParseError
from repowright.repo_tools.c_source.hazards import Hazard
from repowright.repo_tools.c_source.numbers import string_bytes
from repowright.repo_tools.c_source.symbols import Symbols
from repowright.repo_tools.c_source.tokens import Token, tokens_of
from repowright.repo_tools.c_source.translation_unit import FunctionDefinition, GlobalVariable, TranslationUnit

_DEFINING = frozenset({"typedef", "struct", "union", "enum"})
_ASSEMBLY = ("asm", "__asm__", "__asm")


def read_translation_unit(path: str, preprocessed: str, *, tolerant: bool = False) -> TranslationUnit:
    """Read the output of ``gcc -E -dD`` for a file; never raises for what stands in it.

    Parameters
    ----------
    tolerant
        Whether headers are missing, so that unknown words may be types.
    """
    reader = _UnitReader(path, preprocessed, tolerant)
    reader.read()
    return reader.unit()


class _UnitReader:
    def __init__(self, path: str, text: str, tolerant: bool) -> None:
        self._path = path
        self._stream = tokens_of(text)
        self._cursor = Cursor(self._stream.tokens)
        self._symbols = Symbols()
        self._declarations = DeclarationReader(self._symbols)
        self._declarations.tolerant = tolerant
        self._functions: dict[tuple[str, str], FunctionDefinition] = {}
        self._variables: dict[str, GlobalVariable] = {}
        self._prototypes: dict[str, FunctionType] = {}
        self._prototype_sites: dict[str, Site] = {}
        self._externs: dict[str, CType] = {}
        self._statics: set[str] = set()
        self._problems: list[CParseError] = []

    def read(self) -> None:
        cursor = self._cursor
        while not cursor.ended:
            start = cursor.at
            try:
                self._external()
            except (CParseError, RecursionError) as err:
                token = cursor.tokens[min(start, len(cursor.tokens) - 1)]
                if Site(token.path, token.line).is_project:
                    self._problems.append(CParseError(f"cannot read: {err}", token.path, token.line))
                cursor.at = start
                self._resume()

    def unit(self) -> TranslationUnit:
        macros = tuple(each for each in self._stream.macros.values() if each.is_project)
        files = sorted(each for each in self._stream.files if Site(each, 1).is_project)
        return TranslationUnit(
            self._path,
            tuple(self._functions.values()),
            tuple(self._variables.values()),
            self._prototypes,
            self._prototype_sites,
            self._externs,
            self._symbols,
            macros,
            self._stream.macros,
            frozenset(self._stream.changed),
            tuple(files),
            tuple(self._problems),
        )

    def _resume(self) -> None:
        """Go on behind the next semicolon or block outside brackets."""
        cursor = self._cursor
        while not cursor.ended:
            text = cursor.text
            if cursor.peek().kind == "sign" and text in ("(", "[", "{"):
                try:
                    cursor.balanced()
                except CParseError:
                    cursor.at = len(cursor.tokens)
                if text == "{" and cursor.text != ";":
                    return
                continue
            cursor.at += 1
            if text == ";":
                return

    def _external(self) -> None:
        cursor = self._cursor
        token = cursor.peek()
        if token.kind == "pack":
            self._pack(cursor.take().text)
            return
        if cursor.accept(";"):
            return
        if token.text in _ASSEMBLY or token.text in ("_Static_assert", "static_assert"):
            cursor.take()
            cursor.until((";",))
            if token.text in _ASSEMBLY and Site(token.path, token.line).is_project:
                told = "assembly outside functions stays in C"
                self._problems.append(CParseError(told, token.path, token.line))
            return
        self._declarations.shadowed = frozenset()
        given = self._declarations.specifiers(cursor)
        if cursor.accept(";"):
            return
        while True:
            declared = self._declarations.declarator(cursor, given)
            if declared.token is None:
                raise CParseError(f"a name is missing before {cursor.text!r}", token.path, token.line)
            if isinstance(declared.type, FunctionType) and self._opens_body(declared):
                self._function(given, declared, declared.type)
                return
            self._declared(given, declared)
            if not cursor.accept(","):
                break
        cursor.expect(";")

    def _pack(self, text: str) -> None:
        """Follow ``#pragma pack``: push, pop, a number, or back to none."""
        words = [each.strip() for each in text.split(",") if each.strip()]
        packs = self._declarations.packs
        number = next((int(each) for each in words if each.isdigit()), None)
        if "push" in words:
            packs.append(number if number is not None else packs[-1])
        elif "pop" in words:
            packs[:] = packs[:-1] or [None]
            packs[:] = packs or [None]
        else:
            packs[-1] = number

    def _opens_body(self, declared: Declared) -> bool:
        if self._cursor.text == "{":
            return True
        return bool(declared.old_style) and self._cursor.text not in (";", ",", "=", "")

    def _declared(self, given: Specifiers, declared: Declared) -> None:
        token = declared.token
        assert token is not None
        site = Site(token.path, token.line)
        name = token.text
        if "typedef" in given.storage:
            self._symbols.typedefs[name] = Typedef(name, declared.type, site)
            return
        kind = self._symbols.resolved(declared.type)
        if isinstance(kind, FunctionType):
            known = self._prototypes.get(name)
            if known is None or not known.prototyped:
                self._prototypes[name] = kind
                self._prototype_sites[name] = site
            if "static" in given.storage:
                self._statics.add(name)
            return
        self._variable(given, declared, site)

    def _variable(self, given: Specifiers, declared: Declared, site: Site) -> None:
        name = declared.name
        tokens: tuple[Token, ...] = ()
        if self._cursor.accept("="):
            tokens = tuple(self._cursor.until((",", ";")))
        if "extern" in given.storage and not tokens:
            self._externs.setdefault(name, declared.type)
            return
        if not site.is_project:
            return
        body = BodyReader(self._declarations, tokens, ()).read(statements=False) if tokens else Body()
        kind = self._with_length(declared.type, tokens)
        body = replace(body, types=tuple(dict.fromkeys((*given.names, *body.types))))
        known = self._variables.get(name)
        if known is None or tokens or (isinstance(known.type, Array) and known.type.length is None):
            static = "static" in given.storage
            self._variables[name] = GlobalVariable(name, kind, site, static, declared.const, tokens, body)

    def _with_length(self, kind: CType, tokens: tuple[Token, ...]) -> CType:
        """Give an open array the length that its initialiser proves."""
        if not isinstance(kind, Array) or kind.length is not None or not tokens:
            return kind
        if tokens[0].kind == "string" and all(token.kind == "string" for token in tokens):
            return replace(kind, length=sum(len(string_bytes(each.text[1:-1])) for each in tokens) + 1)
        length = self._listed(kind, Cursor(Cursor(tokens).balanced())) if tokens[0].text == "{" else None
        return replace(kind, length=length)

    def _listed(self, kind: Array, inner: Cursor) -> int | None:
        """How many elements a list in braces makes; `None` where that is not proved."""
        element = self._symbols.resolved(kind.element)
        whole = isinstance(element, Array) or (isinstance(element, Tagged) and element.kind != "enum")
        length = at = 0
        while not inner.ended:
            if inner.text == "[":
                # GNU's ranges, ``[first ... last]``, end with the last one.
                place = self._declarations.value(_behind(inner.balanced(), "..."))
                if place is None:
                    return None
                at = place
                inner.accept("=")
            if inner.text == "." or (whole and inner.text not in ("{", "(") and inner.peek().kind != "string"):
                # An element may have left its own braces out.
                return None
            inner.until((",",))
            inner.accept(",")
            at += 1
            length = max(length, at)
        return length

    def _function(self, given: Specifiers, declared: Declared, kind: FunctionType) -> None:
        cursor = self._cursor
        token = declared.token
        assert token is not None
        hazards: list[Hazard] = []
        if declared.old_style or not (kind.prototyped or kind.parameters or given.implicit is False):
            kind = self._old_style(kind, declared.old_style)
            hazards.append(Hazard("old-style", "is written in the style before ANSI C", token.path, token.line))
        elif given.implicit:
            hazards.append(Hazard("old-style", "leaves its result's type out", token.path, token.line))
        kind = replace(kind, prototyped=True)
        site = Site(token.path, token.line)
        tokens = cursor.balanced()
        last = cursor.peek(-1).line
        self._prototypes[token.text] = kind
        self._prototype_sites.setdefault(token.text, site)
        if not site.is_project:
            return
        if kind.variadic:
            hazards.append(
                Hazard("varargs", "takes variable arguments, which stable Rust cannot define", token.path, token.line)
            )
        hazards += _unreadable(kind, token)
        names = [each.name for each in kind.parameters if each.name]
        body = BodyReader(self._inside(tokens), tokens, names).read()
        static = "static" in given.storage or token.text in self._statics
        inline = bool(given.storage & {"inline", "__inline", "__inline__"})
        found = FunctionDefinition(
            token.text, kind, site, last, static, inline, body, tuple(dict.fromkeys((*hazards, *body.hazards)))
        )
        self._functions[site.path, token.text] = found

    def _inside(self, tokens: list[Token]) -> DeclarationReader:
        """A reader for a body: one of its own where the body may define types."""
        if not any(_defines(tokens, place) for place, token in enumerate(tokens) if token.text in _DEFINING):
            return self._declarations
        reader = DeclarationReader(self._symbols.inner())
        reader.tolerant = self._declarations.tolerant
        return reader

    def _old_style(self, kind: FunctionType, names: tuple[str, ...]) -> FunctionType:
        """Take the declarations between the head and the body of an old definition."""
        cursor = self._cursor
        types: dict[str, CType] = {}
        while cursor.text != "{" and not cursor.ended:
            given = self._declarations.specifiers(cursor)
            while not cursor.accept(";"):
                declared = self._declarations.declarator(cursor, given)
                types[declared.name] = self._symbols.decayed(declared.type)
                if not cursor.accept(",") and cursor.text != ";":
                    raise CParseError("a parameter's declaration does not end", cursor.peek().path, cursor.peek().line)
        return replace(kind, parameters=tuple(Parameter(name, types.get(name, INT)) for name in names))


def _defines(tokens: list[Token], place: int) -> bool:
    """Whether a type is defined here rather than mentioned; attributes before a body are taken for one."""
    ahead = [token.text for token in tokens[place + 1 : place + 3]]
    return tokens[place].text == "typedef" or "{" in ahead or any(text.startswith("__attr") for text in ahead)


def _behind(tokens: list[Token], word: str) -> list[Token]:
    """What stands behind a word; everything where it does not occur."""
    place = next((number for number, token in enumerate(tokens) if token.text == word), -1)
    return tokens[place + 1 :]


def _unreadable(kind: FunctionType, token: Token) -> list[Hazard]:
    reasons = [
        each.reason for each in (kind.result, *(one.type for one in kind.parameters)) if isinstance(each, Unreadable)
    ]
    return [Hazard("unreadable-type", f"has a signature with {each}", token.path, token.line) for each in reasons]
