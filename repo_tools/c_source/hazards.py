"""What no translation can do faithfully, each with a code and a reason in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HazardCode = Literal[
    "assembly",
    "setjmp",
    "varargs",
    "label-address",
    "nested-function",
    "old-style",
    "stack-allocation",
    "unreadable-type",
]

REFUSED: frozenset[HazardCode] = frozenset(
    {"assembly", "setjmp", "varargs", "label-address", "nested-function", "unreadable-type"}
)
"""Codes for which a function stays in C; the others are told and translated."""


@dataclass(frozen=True, slots=True)
class Hazard:
    """One such thing and where it stands.

    Parameters
    ----------
    reason
        Reads behind the function's name: ``f holds inline assembly``.
    """

    code: HazardCode
    reason: str
    path: str
    line: int

    @property
    def refuses(self) -> bool:
        """Whether a function with it stays in C."""
        return self.code in REFUSED


_JUMP: tuple[HazardCode, str] = ("setjmp", "jumps out of functions by setjmp and longjmp")
HAZARD_CALLS: dict[str, tuple[HazardCode, str]] = {
    "setjmp": _JUMP,
    "_setjmp": _JUMP,
    "__sigsetjmp": _JUMP,
    "sigsetjmp": _JUMP,
    "__builtin_setjmp": _JUMP,
    "longjmp": _JUMP,
    "siglongjmp": _JUMP,
    "_longjmp": _JUMP,
    "alloca": ("stack-allocation", "allocates on the stack by alloca"),
    "__builtin_alloca": ("stack-allocation", "allocates on the stack by alloca"),
}
"""Calls that are such things."""
