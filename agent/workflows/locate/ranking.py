"""One answer of both: the model's picks with its reasons, filled up with what retrieval found and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from repowright.agent.workflows.locate.workflow import Judged
from repowright.graph.kinds import TYPE_KINDS
from repowright.graph.locate.located import Located, Ranked
from repowright.graph.model import RPG

_SAID = "the model: "


def joined(found: Located, judged: Judged, rpg: RPG, top: int) -> Located:
    """Return the lists in the model's order, ``top`` long; a reason stands before the evidence of retrieval.

    Scores are those of retrieval, and zero for what only the model named.
    """
    reasons = {pick.entity: pick.reason for pick in judged.picks}
    functions = _listed(judged.functions, found.functions, reasons, rpg)[:top]
    files = _listed(judged.files, found.files, {}, rpg)[:top]
    owners = dict.fromkeys(owner for each in functions if (owner := _class_of(each, rpg)))
    classes = _listed([*owners, *(each.label for each in found.classes)], found.classes, {}, rpg)[:top]
    return Located(tuple(files), tuple(classes), tuple(functions))


def _listed(labels: Iterable[str], known: Sequence[Ranked], reasons: dict[str, str], rpg: RPG) -> list[Ranked]:
    by_label = {each.label: each for each in known}
    listed = (by_label.get(label) or _from_graph(label, rpg) for label in dict.fromkeys(labels))
    return [
        replace(each, evidence=(f"{_SAID}{reasons[each.label]}", *each.evidence)) if each.label in reasons else each
        for each in listed
    ]


def _from_graph(label: str, rpg: RPG) -> Ranked:
    path, _, qualname = label.partition(":")
    node = rpg.find(path, qualname)
    first, last = (node.place.span if node is not None and node.place and node.place.span else None) or (1, 1)
    return Ranked(path, qualname, first, last, 0.0)


def _class_of(function: Ranked, rpg: RPG) -> str:
    node = rpg.find(function.path, function.qualname)
    above = rpg.ancestors(node.id) if node is not None else []
    return next((each.label for each in above if each.kind in TYPE_KINDS), "")
