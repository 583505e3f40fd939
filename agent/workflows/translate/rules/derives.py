"""Traits that a type of the crate could derive and does not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from repowright.agent.workflows.translate.checks import Diagnostic
from repowright.agent.workflows.translate.rules.fix import Fix, Replacement
from repowright.repo_tools.rust_source import ItemKind, read_items

_TYPES = (ItemKind.STRUCT, ItemKind.ENUM)
_TYPE = r"`&?(?:\w+::)*(?P<type>\w+)"
_PATTERNS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(rf"{_TYPE}(?:<.*>)?` doesn't implement `(?:\w+::)*Debug`"), ("Debug",)),
    (re.compile(rf"no method named `clone` found for (?:struct|enum|reference) {_TYPE}"), ("Clone",)),
    (re.compile(rf"binary operation `[!=]=` cannot be applied to type {_TYPE}"), ("PartialEq",)),
    (re.compile(rf"binary operation `[<>]=?` cannot be applied to type {_TYPE}"), ("PartialEq", "PartialOrd")),
    (re.compile(rf"can't compare {_TYPE}`"), ("PartialEq",)),
    (re.compile(rf"no (?:function|variant) or associated item named `default` found for \w+ {_TYPE}"), ("Default",)),
    (re.compile(rf"no (?:function|variant),? .*named `default` found for \w+ {_TYPE}"), ("Default",)),
)
_BOUND = re.compile(rf"the trait bound {_TYPE}(?:<.*>)?: (?:\w+::)*(?P<trait>\w+)` is not satisfied")
_MOVED = re.compile(r"has type `(?:\w+::)*(\w+)`, which does not implement the `Copy` trait")
_NEEDS = {
    "Copy": ("Clone", "Copy"),
    "Eq": ("PartialEq", "Eq"),
    "Hash": ("PartialEq", "Eq", "Hash"),
    "PartialOrd": ("PartialEq", "PartialOrd"),
    "Ord": ("PartialEq", "Eq", "PartialOrd", "Ord"),
}
_DERIVABLE = frozenset({"Debug", "Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Default"})


class DeriveRule:
    """Adds a ``derive`` to a struct or enum of the crate."""

    name = "derives"

    def fixes(self, diagnostic: Diagnostic, files: Mapping[str, bytes]) -> Iterable[Fix]:
        """Derive what the message says is missing."""
        found = _wanted(diagnostic)
        if found is None:
            return
        kind, traits = found
        for path, data in files.items():
            item = read_items(data).find(kind) if path.endswith(".rs") and kind.encode() in data else None
            if item is None or item.kind not in _TYPES:
                continue
            had = " ".join(item.attributes)
            missing = [each for each in traits if not re.search(rf"\b{each}\b", had)]
            if missing:
                place = item.declared.start
                line = f"#[derive({', '.join(missing)})]\n"
                yield Fix(self.name, diagnostic.code, (Replacement(path, place, place, line),))
                return


def _wanted(diagnostic: Diagnostic) -> tuple[str, tuple[str, ...]] | None:
    if diagnostic.code in ("E0382", "E0507", "E0505"):
        moved = _MOVED.search(diagnostic.rendered)
        return (moved[1], ("Clone", "Copy")) if moved is not None else None
    bound = _BOUND.search(diagnostic.message)
    if bound is not None:
        wanted = _NEEDS.get(bound["trait"], (bound["trait"],))
        return (bound["type"], wanted) if set(wanted) <= _DERIVABLE else None
    found = next(
        ((match, traits) for pattern, traits in _PATTERNS if (match := pattern.search(diagnostic.message))), None
    )
    return (found[0]["type"], found[1]) if found is not None else None
