"""A place in a row of tokens, and the steps a parser takes from it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from repowright.repo_tools.c_source.errors import CParseError
from repowright.repo_tools.c_source.tokens import Token

END = Token("sign", "", "", 0)
CLOSING = {"(": ")", "[": "]", "{": "}"}


class Cursor:
    """Walks over tokens; behind the last one stands `END` without end."""

    def __init__(self, tokens: Sequence[Token], at: int = 0) -> None:
        self.tokens = tokens
        self.at = at

    @property
    def ended(self) -> bool:
        """Whether all tokens are taken."""
        return self.at >= len(self.tokens)

    def peek(self, ahead: int = 0) -> Token:
        """The token so many places ahead, or behind where negative; taken by nobody."""
        place = self.at + ahead
        return self.tokens[place] if 0 <= place < len(self.tokens) else END

    @property
    def text(self) -> str:
        """Text of the next token."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def take(self) -> Token:
        """Take the next token."""
        token = self.peek()
        self.at += 1
        return token

    def accept(self, text: str) -> bool:
        """Take the next token if it is this one."""
        if self.text != text or self.ended:
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> Token:
        """Take this token.

        Raises
        ------
        CParseError
            If another one stands there.
        """
        token = self.peek()
        if token.text != text or self.ended:
            raise CParseError(f"{text!r} is missing before {token.text!r}", token.path, token.line)
        return self.take()

    def balanced(self) -> list[Token]:
        """Take a bracketed group and return what stands between the brackets.

        Raises
        ------
        CParseError
            If the group is not closed.
        """
        start = self.at
        first = self.peek()
        depth = 0
        while not self.ended:
            token = self.take()
            if token.kind == "sign":
                depth += (token.text in "([{") - (token.text in ")]}")
                if depth == 0:
                    return list(self.tokens[start + 1 : self.at - 1])
        raise CParseError(f"{first.text!r} is never closed", first.path, first.line)

    def until(self, ends: Collection[str]) -> list[Token]:
        """Take tokens up to one of these outside brackets, or to a bracket that closes what is around."""
        start = self.at
        while not self.ended:
            text = self.text
            if self.peek().kind == "sign":
                if text in ends or text in CLOSING.values():
                    break
                if text in CLOSING:
                    self.balanced()
                    continue
            self.at += 1
        return list(self.tokens[start : self.at])
