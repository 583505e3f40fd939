"""What rustc itself says would help: suggestions it calls machine-applicable, and the few others that rarely harm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from repowright.agent.workflows.translate.checks import Diagnostic, Suggestion
from repowright.agent.workflows.translate.rules.fix import Fix, Replacement

_SURE = "MachineApplicable"
_TRIED = frozenset({"E0308", "E0277", "E0369", "E0507", "E0382", "E0282", "E0596", "E0614", "E0600", "E0599", "E0432"})
"""Codes whose uncertain suggestions are tried too; one that does not help is taken back."""


class SuggestedRule:
    """Applies the compiler's suggestions."""

    name = "suggested"

    def fixes(self, diagnostic: Diagnostic, files: Mapping[str, bytes]) -> Iterable[Fix]:
        """Sure suggestions first, then uncertain ones of some codes."""
        sure = [parts for parts in diagnostic.fixes if all(each.applicability == _SURE for each in parts)]
        maybe = [parts for parts in diagnostic.fixes if parts not in sure and diagnostic.code in _TRIED]
        for parts in (*sure, *maybe):
            if _are_alternatives(parts) or any(each.applicability == "HasPlaceholders" for each in parts):
                continue
            if all(each.path in files for each in parts):
                yield Fix(self.name, diagnostic.code, tuple(map(_replacement, parts)))


def _are_alternatives(parts: tuple[Suggestion, ...]) -> bool:
    """Tell whether the parts are several texts for one place, of which one is to be chosen."""
    places = {(each.path, each.start, each.end) for each in parts}
    return len(places) < len(parts)


def _replacement(suggestion: Suggestion) -> Replacement:
    return Replacement(suggestion.path, suggestion.start, suggestion.end, suggestion.text)
