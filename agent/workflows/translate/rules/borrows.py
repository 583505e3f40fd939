"""Two borrows at once, where one of them only reads a number: read it before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from repowright.agent.workflows.translate.checks import Diagnostic
from repowright.agent.workflows.translate.rules.fix import Fix, Replacement
from repowright.repo_tools.rust_source import hoistable

_CODES = frozenset({"E0499", "E0502", "E0503", "E0506"})


class BorrowRule:
    """Moves an argument or index out in front of its statement, as a copy."""

    name = "borrows"

    def fixes(self, diagnostic: Diagnostic, files: Mapping[str, bytes]) -> Iterable[Fix]:
        """Propose each expression around the place, the smallest first."""
        if diagnostic.code not in _CODES or diagnostic.path not in files:
            return
        data = files[diagnostic.path]
        for number, (expression, statement) in enumerate(hoistable(data, diagnostic.start, diagnostic.end)):
            text = data[expression.start : expression.end].decode("utf-8", "replace")
            name = f"copied_{diagnostic.line}_{number}"
            yield Fix(
                self.name,
                diagnostic.code,
                (
                    Replacement(diagnostic.path, statement.start, statement.start, f"let {name} = {text};\n"),
                    Replacement(diagnostic.path, expression.start, expression.end, name),
                ),
            )
