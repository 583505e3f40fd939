"""One C file as the compiler sees it: the functions, variables and types that are left after preprocessing."""

from __future__ import annotations

from dataclasses import dataclass, field

from repowright.repo_tools.c_source.bodies import Body
from repowright.repo_tools.c_source.c_types import (
    CType,
    FunctionType,
    Site,
)
from repowright.repo_tools.c_source.errors import CParseError
from repowright.repo_tools.c_source.hazards import Hazard
from repowright.repo_tools.c_source.symbols import Symbols
from repowright.repo_tools.c_source.tokens import Macro, Token


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """A function with its body.

    Parameters
    ----------
    site
        Where its name stands.
    last_line
        Line of the closing brace.
    is_static
        Whether only this file sees it.
    """

    name: str
    type: FunctionType
    site: Site
    last_line: int
    is_static: bool
    is_inline: bool
    body: Body
    hazards: tuple[Hazard, ...] = ()


@dataclass(frozen=True, slots=True)
class GlobalVariable:
    """A variable outside functions.

    Parameters
    ----------
    initialiser
        Its tokens; empty where it has none.
    body
        What the initialiser names.
    """

    name: str
    type: CType
    site: Site
    is_static: bool
    const: bool
    initialiser: tuple[Token, ...] = ()
    body: Body = field(default_factory=Body)


@dataclass(frozen=True, slots=True)
class TranslationUnit:
    """What one compilation sees of its file and of the headers.

    Parameters
    ----------
    path
        The file that was compiled.
    functions, variables
        Definitions in files of the project, in order.
    prototypes
        Functions that are declared, by name, the compiler's headers included.
    macros
        Those of the project that are defined at the end.
    changed_macros
        Names that mean different things in different places.
    files
        Files of the project that were read.
    problems
        Declarations of the project that could not be read.
    """

    path: str
    functions: tuple[FunctionDefinition, ...]
    variables: tuple[GlobalVariable, ...]
    prototypes: dict[str, FunctionType]
    prototype_sites: dict[str, Site]
    extern_variables: dict[str, CType]
    symbols: Symbols
    macros: tuple[Macro, ...]
    all_macros: dict[str, Macro]
    changed_macros: frozenset[str]
    files: tuple[str, ...]
    problems: tuple[CParseError, ...] = ()
