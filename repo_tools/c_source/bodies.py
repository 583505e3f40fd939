"""Bodies of functions: what they call, which names and types they use, and what makes them hard to translate.

The scopes of local names are followed, so that a local variable hides the function of its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.repo_tools.c_source.c_types import FunctionType
from repowright.repo_tools.c_source.cursor import Cursor
from repowright.repo_tools.c_source.declarations import DeclarationReader, Specifiers
from repowright.repo_tools.c_source.errors import CParseError
from repowright.repo_tools.c_source.hazards import HAZARD_CALLS, Hazard
from repowright.repo_tools.c_source.tokens import Token
from repowright.repo_tools.c_source.type_words import BASIC_WORDS, QUALIFIERS, STORAGE, TAGS

_CONTROL = frozenset({"if", "while", "for", "switch", "return", "case", "do", "else", "goto", "break", "continue"})
_NO_CALL = _CONTROL | {"sizeof", "_Alignof", "__alignof__", "__alignof", "typeof", "__typeof__", "__typeof", "default"}
_PLAIN_WORDS = BASIC_WORDS | QUALIFIERS | STORAGE
_ASSEMBLY = frozenset({"asm", "__asm__", "__asm"})


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call of a function by its name, with the number of its arguments."""

    name: str
    path: str
    line: int
    arguments: int


@dataclass(frozen=True, slots=True)
class IndirectCall:
    """A call through a pointer; ``text`` is the last name of what is called, empty if it has none."""

    text: str
    path: str
    line: int
    arguments: int


@dataclass(frozen=True, slots=True)
class Body:
    """What a body says.

    Parameters
    ----------
    names
        Names from outside that it reads or takes the address of, called ones left out; first use first.
    types
        Typedef names, and tags with their word: ``struct list``; first use first.
    """

    calls: tuple[CallSite, ...] = ()
    indirect: tuple[IndirectCall, ...] = ()
    names: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()


class BodyReader:
    """Walks over the tokens of one body, or of one initialiser.

    Parameters
    ----------
    declarations
        Knows the types; what a body defines itself is entered into its symbols under keys of their own.
    tokens
        Without the outer braces.
    parameters
        Names the scope begins with.
    """

    def __init__(self, declarations: DeclarationReader, tokens: Sequence[Token], parameters: Sequence[str]) -> None:
        self._declarations = declarations
        self._cursor = Cursor(tokens)
        self._scopes: list[set[str]] = [set(parameters)]
        self._nest: list[int] = []
        self._closed = -1
        self._declaring: list[tuple[Specifiers, int]] = []
        self._calls: list[CallSite] = []
        self._indirect: list[IndirectCall] = []
        self._names: dict[str, None] = {}
        self._types: dict[str, None] = {}
        self._hazards: dict[Hazard, None] = {}

    def read(self, *, statements: bool = True) -> Body:
        """Read to the end; without ``statements`` the tokens are an initialiser."""
        begins = statements
        self._rescoped()
        while not self._cursor.ended:
            begins = self._step(begins, statements)
        return Body(
            tuple(self._calls), tuple(self._indirect), tuple(self._names), tuple(self._types), tuple(self._hazards)
        )

    def _step(self, begins: bool, statements: bool) -> bool:
        """Take one token or declaration; tell whether a statement begins behind it."""
        cursor = self._cursor
        token = cursor.peek()
        if token.kind == "word":
            if begins and self._begins_declaration():
                return self._declaration()
            return self._word(begins)
        cursor.take()
        if token.kind != "sign":
            return False
        if token.text in "([{":
            return self._open(token.text, statements)
        if token.text in ")]}":
            return self._close(token.text)
        if token.text == "," and self._declaring and self._declaring[-1][1] == len(self._nest):
            self._declarators(self._declaring[-1][0])
            return False
        if token.text == ";" and self._declaring and self._declaring[-1][1] == len(self._nest):
            self._declaring.pop()
        if token.text == "&&" and cursor.peek().kind == "word" and self._opens_operand(cursor.peek(-2)):
            self._hazards[Hazard("label-address", "takes the address of a label", token.path, token.line)] = None
        return token.text == ";"

    def _open(self, text: str, statements: bool) -> bool:
        cursor = self._cursor
        before = cursor.peek(-2)
        if text == "(" and before.text in (")", "]") and self._closed >= 0:
            self._call_behind_bracket(before)
        self._nest.append(cursor.at - 1)
        if text == "{":
            self._scopes.append(set())
        return statements and (text == "{" or (text == "(" and before.text == "for"))

    def _close(self, text: str) -> bool:
        self._closed = self._nest.pop() if self._nest else -1
        if text == "}" and len(self._scopes) > 1:
            self._scopes.pop()
            self._rescoped()
        return text == "}"

    def _opens_operand(self, before: Token) -> bool:
        """Whether what follows a token is an operand's beginning, so that ``&&`` there is no binary operator."""
        return before.kind == "sign" and before.text not in (")", "]", "++", "--")

    def _begins_declaration(self) -> bool:
        cursor = self._cursor
        if not self._declarations.starts_type(cursor) or cursor.peek(1).text == ":":
            return False
        token = cursor.peek()
        if not self._declarations.is_typedef(token.text):
            return True
        return cursor.peek(1).kind == "word" or cursor.peek(1).text in ("*", "(", ";")

    def _declaration(self) -> bool:
        cursor = self._cursor
        start = cursor.at
        try:
            given = self._declarations.specifiers(cursor)
        except CParseError:
            cursor.at = start + 1
            return False
        for name in given.names:
            self._types[name] = None
        if cursor.accept(";"):
            return True
        self._declaring.append((given, len(self._nest)))
        self._declarators(given)
        return False

    def _declarators(self, given: Specifiers) -> None:
        """Take one declarator; an initialiser behind it is read like any expression."""
        cursor = self._cursor
        start = cursor.at
        try:
            declared = self._declarations.declarator(cursor, given)
        except CParseError:
            cursor.at = max(cursor.at, start + 1)
            return
        self._inside_declarator(start)
        if isinstance(declared.type, FunctionType):
            self._nested_function(declared.token)
        elif declared.name and "typedef" not in given.storage:
            self._scopes[-1].add(declared.name)
            self._rescoped()

    def _rescoped(self) -> None:
        self._declarations.shadowed = frozenset().union(*self._scopes)

    def _inside_declarator(self, start: int) -> None:
        """Names in the lengths of arrays."""
        tokens = self._cursor.tokens[start : self._cursor.at]
        depth = 0
        for place, token in enumerate(tokens):
            depth += (token.text == "[") - (token.text == "]")
            if not depth or token.kind != "word" or self._declarations.is_typedef(token.text):
                continue
            if place + 1 < len(tokens) and tokens[place + 1].text == "(" and token.text not in _NO_CALL:
                self._calls.append(CallSite(token.text, token.path, token.line, 1))
            elif token.text not in _PLAIN_WORDS | _NO_CALL and not self._hidden(token.text):
                self._names[token.text] = None

    def _nested_function(self, token: Token | None) -> None:
        if self._cursor.text != "{" or token is None:
            return
        self._scopes[-1].add(token.text)
        self._rescoped()
        self._hazards[Hazard("nested-function", "defines a function inside itself", token.path, token.line)] = None
        if self._declaring:
            self._declaring.pop()

    def _hidden(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)

    def _word(self, begins: bool) -> bool:
        cursor = self._cursor
        before = cursor.peek(-1)
        token = cursor.take()
        text = token.text
        following = cursor.text
        if text in _ASSEMBLY:
            self._assembly(token)
        elif text in TAGS:
            self._tag(token)
        elif text == "goto":
            cursor.take()
        elif before.text in (".", "->"):
            if following == "(":
                self._through_pointer(token)
        elif begins and following == ":":
            return True
        elif text in _NO_CALL or text in _PLAIN_WORDS:
            return text in ("else", "do")
        elif self._declarations.is_typedef(text):
            self._types[text] = None
        elif following == "(":
            self._call(token)
        elif not self._hidden(text):
            self._named(token, before)
        return False

    def _assembly(self, token: Token) -> None:
        self._hazards[Hazard("assembly", "holds inline assembly", token.path, token.line)] = None
        cursor = self._cursor
        while cursor.peek().kind == "word":
            cursor.take()
        if cursor.text == "(":
            cursor.balanced()

    def _tag(self, word: Token) -> None:
        cursor = self._cursor
        if cursor.peek().kind == "word":
            self._types[f"{word.text} {cursor.take().text}"] = None

    def _call(self, token: Token) -> None:
        if self._hidden(token.text):
            self._through_pointer(token)
            return
        arguments = self._arguments()
        self._calls.append(CallSite(token.text, token.path, token.line, arguments))
        hazard = HAZARD_CALLS.get(token.text)
        if hazard:
            self._hazards[Hazard(hazard[0], hazard[1], token.path, token.line)] = None

    def _named(self, token: Token, before: Token) -> None:
        """A name that is read; in ``(name)(...)`` it is called."""
        cursor = self._cursor
        if before.text == "(" and cursor.text == ")" and cursor.peek(1).text == "(":
            cursor.at += 1
            self._calls.append(CallSite(token.text, token.path, token.line, self._arguments()))
            cursor.at -= 1
            return
        self._names[token.text] = None

    def _through_pointer(self, token: Token) -> None:
        self._indirect.append(IndirectCall(token.text, token.path, token.line, self._arguments()))

    def _call_behind_bracket(self, before: Token) -> None:
        """A call of what stands in brackets: ``(*f)(x)``, ``table[i](x)``; casts and conditions are none."""
        tokens, start = self._cursor.tokens, self._closed
        if tokens[start - 1].text in _NO_CALL and tokens[start - 1].text != "return" and start > 0:
            return
        inner = Cursor(tokens, start + 1)
        if before.text == ")" and (self._declarations.starts_type(inner) or tokens[start + 2].text == ")"):
            return
        self._cursor.at -= 1
        name = _last_word(tokens[start:])
        if before.text == ")" and inner.text == "*" and tokens[start + 3].text == ")" and not self._hidden(name):
            known = tokens[start + 2]
            self._calls.append(CallSite(name, known.path, known.line, self._arguments()))
            self._names.pop(name, None)
        else:
            self._indirect.append(IndirectCall("", before.path, before.line, self._arguments()))
        self._cursor.at += 1

    def _arguments(self) -> int:
        """Number of arguments of the call whose bracket comes next."""
        here = Cursor(self._cursor.tokens, self._cursor.at)
        depth, commas = 0, 0
        first = here.peek(1).text
        while not here.ended:
            text = here.take().text
            if text in ("(", "[", "{"):
                depth += 1
            elif text in (")", "]", "}"):
                depth -= 1
                if depth == 0:
                    break
            elif text == "," and depth == 1:
                commas += 1
        return 0 if first == ")" else commas + 1


def _last_word(tokens: Sequence[Token]) -> str:
    for token in tokens:
        if token.kind == "word":
            return token.text
    return ""
