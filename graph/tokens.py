"""Words of code and prose, as search compares them."""

from __future__ import annotations

import re

_WORD = re.compile(r"[^\W_]+(?:_+[^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")


def tokens(text: str) -> list[str]:
    """Return the case-folded words of a text; an identifier gives its parts and itself.

    Examples
    --------
    >>> tokens("parse_csvFile")
    ['parse', 'csv', 'file', 'parse_csvfile']
    >>> tokens("HTTPServer of shop/cart.py")
    ['http', 'server', 'httpserver', 'of', 'shop', 'cart', 'py']
    """
    found = []
    for word in _WORD.findall(text):
        parts = [part.casefold() for part in _PART.findall(word)]
        found.extend(parts)
        if len(parts) != 1:
            found.append(word.casefold())
    return found
