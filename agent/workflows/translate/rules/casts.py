"""Numbers of the wrong type, cast as C casts them without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from repowright.agent.workflows.translate.checks import Diagnostic
from repowright.agent.workflows.translate.rules.fix import Fix, Replacement

_EXPECTED = re.compile(r"expected `([^`]+)`, found `([^`]+)`")
_INTEGERS = frozenset(f"{kind}{bits}" for kind in "iu" for bits in (8, 16, 32, 64, 128, "size"))
_NUMBERS = _INTEGERS | {"f32", "f64"}
_INDEX = re.compile(r"cannot be indexed by `(\w+)`")
_SIMPLE = re.compile(rb"[\w.]+(?:\(\))?|[\w.]+\[\w+\]")


class CastRule:
    """Mends E0308 between numbers and truth values, and indices that are no ``usize``."""

    name = "casts"

    def fixes(self, diagnostic: Diagnostic, files: Mapping[str, bytes]) -> Iterable[Fix]:
        """Cast the expression the compiler points at."""
        if diagnostic.path not in files:
            return
        written = files[diagnostic.path][diagnostic.start : diagnostic.end]
        text = self._cast(diagnostic, written)
        if text:
            part = Replacement(diagnostic.path, diagnostic.start, diagnostic.end, text)
            yield Fix(self.name, diagnostic.code, (part,))

    def _cast(self, diagnostic: Diagnostic, written: bytes) -> str:
        expression = written.decode("utf-8", "replace")
        inner = expression if _SIMPLE.fullmatch(written) else f"({expression})"
        if diagnostic.code == "E0277":
            found = _INDEX.search(diagnostic.message)
            return f"{inner} as usize" if found is not None and found[1] in _INTEGERS else ""
        kinds = _EXPECTED.search(diagnostic.label) if diagnostic.code == "E0308" else None
        if kinds is None:
            return ""
        wanted, got = kinds[1], kinds[2]
        if wanted in _NUMBERS and got in _NUMBERS:
            return f"({inner} as {wanted})"
        if wanted in _INTEGERS and got == "bool":
            return f"{wanted}::from({expression})" if wanted != "char" else ""
        if wanted == "bool" and got in _INTEGERS | {"integer"}:
            return f"{inner} != 0"
        if wanted in _NUMBERS and got == f"&{wanted}":
            return f"*{inner}"
        return f"({inner} as {wanted})" if wanted in _INTEGERS and got == "char" else ""
