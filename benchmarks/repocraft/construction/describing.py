"""Words for a task where no model is asked: from the names and docstrings of its tests and what they call."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from repowright.benchmarks.repocraft.construction.grouping import Group
from repowright.benchmarks.repocraft.construction.imports import first_of
from repowright.benchmarks.repocraft.construction.words import class_words, phrase, test_words

BY_TEMPLATE = "template"
_MOST_BEHAVIOURS, _MOST_CALLS = 8, 6
_DOTTED = re.compile(r"`+[^`]*`+|\b\w+(?:\.\w+)+\b(?:\(\))?|\b\w+\(\)|\b\w*_\w+\b")
_TICKET = re.compile(r"#\s?\d+|\bGH\s?-?\d+\b|\bgh-\d+\b|\bbug\s+\d+\b", re.IGNORECASE)


@dataclass(frozen=True)
class Description:
    """The two texts of a task."""

    alg_description: str
    task_query: str
    described_by: str


def described(group: Group, hidden: Iterable[str]) -> Description:
    """Describe a group by a template.

    Parameters
    ----------
    hidden
        Names of the project, which the text must not hold.
    """
    veil = Veil(hidden)
    subject = veil.over(re.sub(r" \(\d+\)$", "", group.cap)) or "one of its parts"
    area = veil.over(", ".join(phrase(part) for part in group.category.split("/")))
    place = f" in the area of {area}" if area else ""
    behaviours = _listed(veil.over(_behaviour(test.name, test.says)) for test in group.tests)
    calls = _listed(veil.over(phrase(name.rpartition(".")[2])) for name in _shared_calls(group))
    uses = f" It involves: {', '.join(calls[:_MOST_CALLS])}." if calls else ""
    about = _about(group.module, subject, veil)
    return Description(
        alg_description=f"Functionality for {subject}{about}{place}. It covers: {'; '.join(behaviours)}.{uses}",
        task_query=(
            f"You are testing functionality for {subject}{about}{place}. "
            f"Find the code that is responsible for it, so that these cases can be checked: {'; '.join(behaviours)}."
        ),
        described_by=BY_TEMPLATE,
    )


class Veil:
    """Takes names out of text.

    Parameters
    ----------
    hidden
        Words that must not be seen, in any case.
    """

    def __init__(self, hidden: Iterable[str]) -> None:
        names = sorted({name for name in hidden if name}, key=lambda name: (-len(name), name))
        self._hidden = re.compile(
            "|".join(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])" for name in names) or r"(?!)", re.I
        )

    def over(self, text: str) -> str:
        """Return text with identifiers as words, without tickets and hidden names, on one line.

        Examples
        --------
        >>> Veil(["requests"]).over("requests.utils.super_len() of a body, see #123")
        'utils super len of a body, see'
        """
        plain = _DOTTED.sub(lambda found: self._as_words(found[0]), _TICKET.sub("", text))
        return " ".join(self._hidden.sub("", plain).split()).strip(" .;:")

    def shows(self, text: str) -> list[str]:
        """Return the hidden names that a text holds."""
        return sorted({found[0].lower() for found in self._hidden.finditer(text)})

    def _as_words(self, name: str) -> str:
        parts = [part for part in re.split(r"[^\w]+", name) if part and not self._hidden.fullmatch(part)]
        return " ".join(phrase(part) for part in parts)


def _behaviour(name: str, says: str) -> str:
    told = says.rstrip(".")
    plain = " ".join(test_words(name)) or "its ordinary case"
    return f"{plain} ({told[:1].lower()}{told[1:]})" if told and len(told) <= 160 else plain


def _about(module: str, subject: str, veil: Veil) -> str:
    """Return what the name of a test class adds to the subject."""
    text = veil.over(class_words(module.removeprefix("class "))) if module.startswith("class ") else ""
    told = set(subject.split())
    return "" if not text or set(text.split()) <= told else f" ({text})"


def _shared_calls(group: Group) -> list[str]:
    calls = first_of(name for test in group.tests for name in test.calls)
    number = {name: sum(name in test.calls for test in group.tests) for name in calls}
    return sorted(calls, key=lambda name: -number[name])


def _listed(texts: Iterable[str]) -> list[str]:
    return [text for text in first_of(texts) if text][:_MOST_BEHAVIOURS]
