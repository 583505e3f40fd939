"""What a translation is of, as the text that its run is made for: the same text, the same work."""

from __future__ import annotations

import re
from dataclasses import dataclass

from repowright.agent.errors import RunDamaged
from repowright.agent.spec import Spec, spec_from_bytes
from repowright.agent.workflows.translate.originals import Originals

SOURCE, TARGET = "c", "rust"
_LINE = re.compile(r"^- (?P<name>Source|Interface|Tests): .+, \d+ files, (?P<address>[0-9a-f]{64})$", re.MULTILINE)
_IDIOMATIC = "- Stage: idiomatic"
_TARGET = re.compile(r"^- Target: (?P<target>\w+)$", re.MULTILINE)


@dataclass(frozen=True)
class Subject:
    """A C project and what is given for its translation, by the addresses of their files.

    Parameters
    ----------
    interface, tests
        Empty where none are given.
    idiomatic
        Whether an interface is designed where none is given.
    """

    title: str
    source: str
    interface: str = ""
    tests: str = ""
    target: str = TARGET
    idiomatic: bool = False

    @classmethod
    def of(cls, spec: Spec) -> Subject:
        """Read it back from a run's specification.

        Raises
        ------
        RunDamaged
            If the text is not that of a translation.
        """
        found = {each["name"]: each["address"] for each in _LINE.finditer(spec.text)}
        target = _TARGET.search(spec.text)
        if "Source" not in found or target is None:
            raise RunDamaged("the run's spec.md is not that of a translation", "start a new run")
        return cls(
            spec.title,
            found["Source"],
            found.get("Interface", ""),
            found.get("Tests", ""),
            target["target"],
            _IDIOMATIC in spec.text,
        )


def specification(originals: Originals, target: str, origin: str, *, idiomatic: bool = False) -> Spec:
    """Return the text of a translation."""
    trees = (("Source", originals.source), ("Interface", originals.interface), ("Tests", originals.tests))
    lines = [f"- {name}: {tree.name}, {len(tree.files)} files, {tree.address}" for name, tree in trees if tree]
    lines += [f"- Target: {target}", *([_IDIOMATIC] if idiomatic else [])]
    text = "\n".join([f"# {originals.source.name} to {target.capitalize()}", "", *lines, ""])
    return spec_from_bytes(text.encode(), origin)
