"""A repair without a model: replacements in files, and the rule that proposes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from repowright.agent.workflows.translate.checks import Diagnostic
from repowright.repo_tools.rust_source import Span, read_items, replace_spans


@dataclass(frozen=True)
class Replacement:
    """Bytes of one file replaced."""

    path: str
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Fix:
    """Replacements that belong together."""

    rule: str
    code: str
    """Of the diagnostic it answers."""
    parts: tuple[Replacement, ...]

    def touches(self, other: Fix) -> bool:
        """Tell whether two fixes change the same place."""
        return any(
            one.path == two.path and one.start <= two.end and two.start <= one.end
            for one in self.parts
            for two in other.parts
        )


class Rule(Protocol):
    """Proposes fixes for one kind of diagnostic; a fix that makes nothing better is taken back."""

    @property
    def name(self) -> str:
        """Such as ``casts``."""

    def fixes(self, diagnostic: Diagnostic, files: Mapping[str, bytes]) -> Iterable[Fix]:
        """Propose fixes, the likeliest first; they are tried one after the other."""


def apply(files: Mapping[str, bytes], fixes: Iterable[Fix]) -> dict[str, bytes]:
    """Return the files with fixes applied; of two that touch each other the first is taken."""
    taken: list[Fix] = []
    for fix in fixes:
        if not any(fix.touches(other) for other in taken):
            taken.append(fix)
    changed = dict(files)
    for path in sorted({part.path for fix in taken for part in fix.parts}):
        spans: dict[Span, str] = {}
        for part in (part for fix in taken for part in fix.parts if part.path == path):
            span = Span(part.start, part.end)
            spans[span] = spans.get(span, "") + part.text
        changed[path] = replace_spans(files[path].decode("utf-8", "replace"), spans).encode()
    return changed


def keeps_promises(before: bytes, after: bytes) -> bool:
    """Tell whether every function of a file still has its signature, and no unsafe code came in."""
    return _signatures(before) == _signatures(after) and after.count(b"unsafe") <= before.count(b"unsafe")


def _signatures(data: bytes) -> list[str]:
    return sorted(
        f"{each.path} {each.signature.normal if each.signature else ''}" for each in read_items(data).functions()
    )
