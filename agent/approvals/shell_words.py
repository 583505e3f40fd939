"""Shell text read into simple commands; what is not read with certainty is refused, never guessed.

The grammar is the part of POSIX shell and bash in which every command that can run is visible in the text: lists,
pipes, subshells, substitutions, redirections, here-documents, ``if``, ``for`` and ``while``. Words whose value is
known only when the command runs are kept and marked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

LONGEST_COMMAND = 20_000
"""Characters; what is longer is for a person to read."""

_DEEPEST = 10
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"\$(?:\{[A-Za-z_][A-Za-z0-9_]*\}|[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])")
_REDIRECTION = re.compile(r"&>>|&>|<<<|<<-|<<|<>|<&|>>|>&|>\||>|<")
_SEPARATOR = re.compile(r"&&|\|\||\|&|;(?![;&])|&|\|")
_EXPANDS_IN_BODY = re.compile(r"\$[({\[]|`|\\$")
_ENDS_WORD = " \t\n;&|<>()"


class NotUnderstood(Exception):
    """A command holds something whose effect the text alone does not tell."""


@dataclass(frozen=True)
class Word:
    """One word of a command.

    Parameters
    ----------
    text
        Without its quotes; expansions stand in it as they were written.
    certain
        Whether the program gets exactly this text, as one argument.
    bare
        Whether it was written without quotes and escapes.
    assigns
        Whether a shell reads it as ``NAME=value`` in front of a command.
    """

    text: str
    certain: bool = True
    bare: bool = False
    assigns: bool = False


@dataclass(frozen=True)
class Redirect:
    """A file that a command reads or writes beside its arguments."""

    target: Word
    writes: bool


@dataclass(frozen=True)
class Simple:
    """One command with its arguments; without words where only a redirection stands."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


def simple_commands(text: str) -> tuple[Simple, ...]:
    """Return every simple command that running ``text`` can start, those of substitutions included.

    Raises
    ------
    NotUnderstood
        If any of it cannot be read with certainty.
    """
    if len(text) > LONGEST_COMMAND:
        raise NotUnderstood(f"it is longer than {LONGEST_COMMAND:,} characters")
    unseen = next((char for char in text if not char.isprintable() and char not in "\n\t"), "")
    if unseen:
        raise NotUnderstood(f"it holds a character that cannot be seen (U+{ord(unseen):04X})")
    reader = _Reader(text, 0)
    reader.read_list("")
    return tuple(reader.found)


class _Reader:
    def __init__(self, text: str, depth: int) -> None:
        self._text = text
        self._at = 0
        self._depth = depth
        self._bodies: list[tuple[str, bool, bool]] = []
        self.found: list[Simple] = []

    def read_list(self, closing: str) -> None:
        while True:
            self._skip_blanks()
            char = self._peek()
            if char == closing:
                self._at += len(closing)
                break
            if not char:
                raise NotUnderstood("a bracket is never closed")
            self._read_next(char)
        if self._bodies:
            raise NotUnderstood("a here-document has no end")

    def _read_next(self, char: str) -> None:
        if char == "\n":
            self._end_line()
        elif char in ";|" or (char == "&" and not self._starts("&>")):
            self._separate()
        elif char == ")":
            raise NotUnderstood("a bracket is closed that nothing opens")
        elif char == "(":
            if self._starts("(("):
                raise NotUnderstood("arithmetic can run commands")
            self._nest(1)
        else:
            self._read_simple()

    def _separate(self) -> None:
        match = _SEPARATOR.match(self._text, self._at)
        if match is None:
            raise NotUnderstood("the branches of a case are not read")
        self._at = match.end()

    def _read_simple(self) -> None:
        words: list[Word] = []
        redirects: list[Redirect] = []
        while not self._at_end_of_simple():
            if self._starts("<(") or self._starts(">("):
                words.append(self._process_substitution())
            elif self._peek() in "<>&":
                redirect = self._read_redirect()
                redirects += [redirect] if redirect else []
            else:
                word = self._read_word()
                if not (word.bare and re.fullmatch("[0-9]+", word.text) and self._peek() in ("<", ">")):
                    words.append(word)
        if words or redirects:
            self.found.append(Simple(tuple(words), tuple(redirects)))

    def _at_end_of_simple(self) -> bool:
        self._skip_blanks()
        char = self._peek()
        if char == "#" and not self._after(" \t\n;"):
            raise NotUnderstood("a # stands where it may or may not begin a comment")
        if char == "#":
            end = self._text.find("\n", self._at)
            self._at = len(self._text) if end < 0 else end
            return True
        if char == "(":
            raise NotUnderstood("a bracket stands inside a command")
        return not char or char in "\n;|)" or (char == "&" and not self._starts("&>"))

    def _process_substitution(self) -> Word:
        start = self._at
        self._nest(2)
        if self._peek() and self._peek() not in _ENDS_WORD:
            raise NotUnderstood("something clings to a bracket")
        return Word(self._text[start : self._at], certain=False)

    def _read_redirect(self) -> Redirect | None:
        match = _REDIRECTION.match(self._text, self._at)
        if match is None:
            raise NotUnderstood("a redirection is not read")
        self._at = match.end()
        self._skip_blanks()
        operator, target = match.group(), self._read_word()
        if operator in ("<<", "<<-"):
            self._await_body(target, operator == "<<-")
            return None
        if operator == "<<<" or (operator in (">&", "<&") and re.fullmatch("[0-9]*-?", target.text)):
            return None
        if operator in (">&", "<&", "<>"):
            # Bash expands the word after >& twice, so that quotes in it protect nothing.
            raise NotUnderstood(f"the redirection {operator} is not read")
        return Redirect(target, writes=operator != "<")

    def _await_body(self, delimiter: Word, strips_tabs: bool) -> None:
        if self._depth:
            raise NotUnderstood("a here-document stands inside brackets")
        if not delimiter.certain or not delimiter.text:
            raise NotUnderstood("the end of a here-document is not plain text")
        self._bodies.append((delimiter.text, strips_tabs, not delimiter.bare))

    def _end_line(self) -> None:
        self._at += 1
        for delimiter, strips_tabs, quoted in self._bodies:
            self._skip_body(delimiter, strips_tabs, quoted)
        self._bodies = []

    def _skip_body(self, delimiter: str, strips_tabs: bool, quoted: bool) -> None:
        while self._at < len(self._text):
            end = self._text.find("\n", self._at)
            end = len(self._text) if end < 0 else end
            line = self._text[self._at : end]
            if (line.lstrip("\t") if strips_tabs else line) == delimiter:
                # The line break stays: it ends the command.
                self._at = end
                return
            if not quoted and _EXPANDS_IN_BODY.search(line):
                raise NotUnderstood("a here-document is expanded before it is read")
            self._at = end + 1
        raise NotUnderstood("a here-document has no end")

    def _read_word(self) -> Word:
        start = self._at
        pieces: list[str] = []
        certain = bare = True
        assigns = opens = False
        while (char := self._peek()) and char not in _ENDS_WORD:
            if char == "=" and bare and not assigns:
                assigns = bool(re.fullmatch(_NAME.pattern + r"\+?", "".join(pieces)))
            home = char == "~" and (not pieces or pieces[-1] in ("=", ":"))
            piece, sure = self._read_piece(char)
            pieces.append(piece)
            certain = certain and sure and not home
            bare = bare and char not in "\\'\""
            opens = opens or char == "{"
        if self._at == start:
            raise NotUnderstood("a word is missing")
        text = "".join(pieces)
        certain = (certain and not (opens and _makes_several(text))) or (bare and text == "[")
        return Word(text, certain, bare, assigns)

    def _read_piece(self, char: str) -> tuple[str, bool]:
        if char == "\\":
            return self._escaped()
        if char == "'":
            return self._between_quotes(), True
        if char == '"':
            return self._double_quoted()
        if char == "$":
            return self._dollar(quoted=False)
        if char == "`":
            return self._backticks(), False
        self._at += 1
        return char, char not in "*?["

    def _escaped(self) -> tuple[str, bool]:
        following = self._text[self._at + 1 : self._at + 2]
        if following in ("", "\n"):
            raise NotUnderstood("a line ends in a backslash inside a word")
        self._at += 2
        return following, True

    def _between_quotes(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise NotUnderstood("a quote is never closed")
        piece = self._text[self._at + 1 : end]
        self._at = end + 1
        return piece

    def _double_quoted(self) -> tuple[str, bool]:
        self._at += 1
        pieces: list[str] = []
        certain = True
        while (char := self._peek()) != '"':
            if not char:
                raise NotUnderstood("a quote is never closed")
            piece, sure = self._quoted_piece(char)
            pieces.append(piece)
            certain = certain and sure
        self._at += 1
        return "".join(pieces), certain

    def _quoted_piece(self, char: str) -> tuple[str, bool]:
        if char == "$":
            return self._dollar(quoted=True)
        if char == "`":
            return self._backticks(), False
        if char == "\\" and self._text[self._at + 1 : self._at + 2] in ("$", "`", '"', "\\", "\n"):
            return self._escaped()
        self._at += 1
        return char, True

    def _dollar(self, quoted: bool) -> tuple[str, bool]:
        start = self._at
        if self._starts("$(("):
            raise NotUnderstood("arithmetic can run commands")
        if self._starts("$("):
            self._nest(2)
            return self._text[start : self._at], False
        match = _VARIABLE.match(self._text, start)
        if match is not None:
            self._at = match.end()
            return match.group(), False
        if self._text[start + 1 : start + 2] in ("{", "[") or (not quoted and self._starts(("$'", '$"'))):
            raise NotUnderstood(f"the expansion {self._text[start : start + 12]!r} is not read")
        self._at += 1
        return "$", True

    def _backticks(self) -> str:
        end = self._text.find("`", self._at + 1)
        content = self._text[self._at + 1 : end]
        if end < 0 or "\\" in content:
            raise NotUnderstood("the backticks are not read")
        inner = _Reader(content, self._deeper())
        inner.read_list("")
        self.found += inner.found
        self._at = end + 1
        return f"`{content}`"

    def _nest(self, opening: int) -> None:
        if self._bodies:
            raise NotUnderstood("brackets stand between a here-document and its text")
        self._at += opening
        outer, self._depth = self._depth, self._deeper()
        self.read_list(")")
        self._depth = outer

    def _deeper(self) -> int:
        if self._depth >= _DEEPEST:
            raise NotUnderstood(f"it is nested more than {_DEEPEST} deep")
        return self._depth + 1

    def _skip_blanks(self) -> None:
        while self._peek() in (" ", "\t") or (self._starts("\\\n") and self._after(" \t")):
            self._at += 1 if self._peek() != "\\" else 2

    def _after(self, chars: str) -> bool:
        return self._at == 0 or self._text[self._at - 1] in chars

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _starts(self, prefix: str | tuple[str, ...]) -> bool:
        return self._text.startswith(prefix, self._at)


def _makes_several(text: str) -> bool:
    """Whether bash would make several words of the braces in ``text``, as it does of ``{rm,-rf}``."""
    return bool(re.search(r"\{.*(,|\.\.).*\}", text, re.DOTALL))
