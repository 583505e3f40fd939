"""What a source file says, as plain records: the same for every language.

Records are named tuples: a large repository has hundreds of thousands of them, and a tuple is the cheapest
thing that has names. Where a record speaks of a definition it holds its index in `FileFacts.definitions`;
`MODULE` (-1) is the file itself.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

DefinitionKind = Literal[
    "class",
    "interface",
    "trait",
    "struct",
    "union",
    "enum",
    "typedef",
    "function",
    "method",
    "constant",
    "global",
    "macro",
    "namespace",
]

BindingKind = Literal["call", "name", "type", "return"]

Span = tuple[int, int]
"""First and last line, 1-based and inclusive."""

MODULE = -1
"""The scope of what stands at the top of the file."""


class Definition(NamedTuple):
    """One named thing a file defines.

    Several definitions may share a qualified name: overloads, a property's getter and setter, both branches of
    an ``if``. Each is a record of its own.

    Parameters
    ----------
    qualname
        Names of the enclosing definitions and its own, joined by dots, in every language.
    span
        Lines, 1-based and inclusive, decorators and attributes included.
    signature
        One line with single spaces, as written up to the body: ``def f(a: int, b: str = 'x') -> bool``.
    doc
        Its documentation without markers and common indent: docstring or doc comment; for want of both, the
        comment that stands right above it.
    decorators
        Decorators, attributes or annotations as written, without the leading sign.
    parent
        Index of the enclosing definition, or `MODULE`.
    conditional
        Whether it stands below ``if``, ``try`` or a preprocessor condition (include guards do not count).
    """

    kind: DefinitionKind
    name: str
    qualname: str
    span: Span
    signature: str
    doc: str = ""
    decorators: tuple[str, ...] = ()
    parent: int = MODULE
    conditional: bool = False


class Import(NamedTuple):
    """One name that an import, include or ``use`` brings in.

    Parameters
    ----------
    module
        Module, header or path as written, without leading dots: ``os.path``, ``util/list.h``, ``crate::a::b``,
        ``./widget``. A header in angle brackets keeps them.
    name
        What is taken from it; empty when the module itself is; ``default`` for a JavaScript default import.
    alias
        Name it gets here, where that differs.
    level
        Number of leading dots of a relative import.
    type_checking
        Whether only type checkers execute it.
    exported
        Whether it is handed on to others by syntax: ``export ... from``, ``pub use``. (Python hands on all.)
    scope
        Index of the definition it stands in, or `MODULE`.
    """

    module: str
    name: str
    alias: str
    level: int
    line: int
    is_star: bool = False
    type_checking: bool = False
    exported: bool = False
    scope: int = MODULE


class Call(NamedTuple):
    """One call.

    Parameters
    ----------
    scope
        Index of the innermost definition around it, or `MODULE`.
    callee
        What is called, as written on one line, receiver included, at most 200 characters: ``self.store.save``,
        ``make().run``; ``::`` and ``->`` become dots. Of a longer chain only ``...last``.
    """

    scope: int
    callee: str
    line: int


class Use(NamedTuple):
    """A name that is read but not called: a base's argument, an annotation, a decorator, a constant, a function
    handed on.

    Only names are listed that may stand for something of this repository: those that the file imports or defines
    outside function bodies, and in files with star imports or includes every unknown one; never a parameter, a
    local variable, a built-in name, or the member after a dot on its own.

    Parameters
    ----------
    name
        Dotted text as written: ``settings.DEBUG``, ``Base``.
    """

    scope: int
    name: str
    line: int


class Binding(NamedTuple):
    """What a name stands for, as far as the text says: what types are inferred from.

    Parameters
    ----------
    scope
        Index of the definition it stands in: a function for locals and parameters, a class or struct for its
        attributes and fields, or `MODULE`.
    name
        The bound name; ``self.x`` for an attribute set in a method (the language's own word for the receiver is
        written ``self``); empty for what the scope itself returns.
    value
        Dotted text: what is called, named, or the type as written.
    kind
        ``call``: the name is what ``value(...)`` gives. ``name``: it is ``value``. ``type``: it is declared to be
        of type ``value``. ``return``: the scope is declared to return ``value``.
    """

    scope: int
    name: str
    value: str
    kind: BindingKind
    line: int


class Inheritance(NamedTuple):
    """One base of one type: a superclass, an implemented interface or trait, an embedded struct.

    Parameters
    ----------
    scope
        Index of the type's definition.
    base
        The base as written, ``::`` as dots, generic arguments left out.
    name
        The type's name where the file does not define it (``impl Trait for Elsewhere``) and the scope is `MODULE`.
    """

    scope: int
    base: str
    line: int
    name: str = ""


class ParseProblem(NamedTuple):
    """A place the parser could not make sense of; what stands around it was read all the same."""

    line: int
    message: str


class FileFacts(NamedTuple):
    """All that one file says; every tuple is in source order.

    Parameters
    ----------
    language
        The frontend's name.
    lines
        Number of lines.
    docstring
        The module's documentation: docstring, or the comment the file begins with unless it is a licence.
    package
        Name the file gives its own package or module (Java, Go); empty elsewhere.
    exports
        Names that the file declares to export (``__all__``, ``export``); `None` if it declares nothing.
    """

    path: str
    language: str
    lines: int = 0
    definitions: tuple[Definition, ...] = ()
    imports: tuple[Import, ...] = ()
    calls: tuple[Call, ...] = ()
    uses: tuple[Use, ...] = ()
    bindings: tuple[Binding, ...] = ()
    inheritances: tuple[Inheritance, ...] = ()
    docstring: str = ""
    package: str = ""
    exports: tuple[str, ...] | None = None
    errors: tuple[ParseProblem, ...] = ()


class LanguageFrontend(Protocol):
    """Reads files of one language. Safe to share between threads."""

    @property
    def name(self) -> str:
        """``python``, ``c``, ..."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """File name endings it reads, each with its dot."""

    @property
    def version(self) -> int:
        """Raised whenever the facts of some file change, so that stored facts are read anew."""

    def read(self, path: str, source: bytes) -> FileFacts:
        """Read one file; broken source gives the facts that can be had and ``errors``, never an exception."""
