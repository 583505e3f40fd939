"""Types as they are written, taken apart to the names of single types."""

from __future__ import annotations

import re
from functools import lru_cache

_PLAIN = re.compile(r"[A-Za-z_$][\w$]*(?:\.[A-Za-z_$][\w$]*)*")
_QUOTED = re.compile(r"^(['\"])(.*)\1$", re.DOTALL)
_LEADING = re.compile(r"^(?:[&*]+\s*|'\w+\s+|(?:mut|dyn|impl|const|final|readonly|struct|enum|union)\s+)+")
_ANY_OF = frozenset({"Optional", "Union", "Option"})
_FIRST_OF = frozenset(
    {
        "Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar",
        "Awaitable", "Promise", "Readonly", "Partial", "NonNullable",
        "Box", "Rc", "Arc", "RefCell", "Cell", "Mutex", "RwLock", "Ref", "RefMut", "Cow", "Pin", "Result", "Weak",
    }
)  # fmt: skip
_TYPE_OF = frozenset({"type", "Type"})
_NOTHING = frozenset({"None", "null", "undefined", "void", "Any", "any", "object", "never", "unknown"})
_OPENING = "[<("
_CLOSING = "]>)"


@lru_cache(maxsize=16384)
def type_texts(text: str) -> tuple[str, ...]:
    """Return the expressions whose value a thing of this type may be: ``A()`` for an A, ``A`` for the type itself.

    Containers are not taken apart: a list of A is a list.

    Examples
    --------
    >>> type_texts("Optional['shop.Cart'] | type[Base]")
    ('shop.Cart()', 'Base')
    """
    return tuple(dict.fromkeys(_parts(text.strip(), 0)))


def _parts(text: str, depth: int) -> list[str]:
    if _PLAIN.fullmatch(text):
        return [] if text in _NOTHING else ["self" if text in ("Self", "typing.Self") else f"{text}()"]
    if not text or depth > 8 or len(text) > 2000:
        return []
    if quoted := _QUOTED.match(text):
        return _parts(quoted[2].strip(), depth + 1)
    several = _split(text, "|")
    if len(several) > 1:
        return [part for one in several for part in _parts(one, depth + 1)]
    bare = _LEADING.sub("", text)
    if bare != text:
        return _parts(bare.strip(), depth + 1)
    return _generic(text, depth)


def _generic(text: str, depth: int) -> list[str]:
    starts = [at for sign in "[<" if (at := text.find(sign)) > 0]
    if not starts:
        return []
    head, inside = text[: min(starts)].strip().rstrip("."), text[min(starts) + 1 : -1]
    last = head.rpartition(".")[2]
    if last in _ANY_OF:
        return [part for one in _split(inside, ",") for part in _parts(one, depth + 1)]
    if last in _FIRST_OF:
        return _parts(_split(inside, ",")[0], depth + 1)
    if last in _TYPE_OF:
        return [part.removesuffix("()") for part in _parts(inside.strip(), depth + 1)]
    return [f"{head}()"] if _PLAIN.fullmatch(head) else []


def _split(text: str, sign: str) -> list[str]:
    """Pieces between the signs that stand outside all brackets."""
    if sign not in text:
        return [text]
    pieces, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in _OPENING) - (letter in _CLOSING)
        if letter == sign and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    return [*pieces, text[start:].strip()]
