"""Where in a JavaScript file the sweep stands."""

from __future__ import annotations

from typing import Literal, NamedTuple

from repowright.repo_tools.facts import MODULE

Role = Literal["module", "namespace", "class", "object", "function"]


class Frame(NamedTuple):
    """One construct around the place that is read.

    Parameters
    ----------
    end
        Byte it ends at.
    scope
        Index of the innermost definition around its contents.
    role
        What a name declared directly in it becomes.
    holder
        Index of the definition that methods in it are members of; `MODULE` for the file's own functions.
    conditional
        Whether it stands below ``if`` or ``try`` of its function or file.
    """

    end: int
    scope: int = MODULE
    role: Role = "module"
    holder: int = MODULE
    conditional: bool = False

    @property
    def is_top(self) -> bool:
        """Whether variables declared here are the file's own."""
        return self.role in ("module", "namespace")
