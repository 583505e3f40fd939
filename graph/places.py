"""How a node's place follows its name, its parent and the file it is in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from repowright.graph.errors import InvariantViolated
from repowright.graph.ids import normalise
from repowright.graph.kinds import GROUNDED_KINDS, UNIT_KINDS, NodeKind
from repowright.graph.records import Node, Place


def settle(kind: NodeKind, name: str, place: Place | None, parent: Node | None) -> Place | None:
    """Return the place of a new node, with what the parent already says filled in.

    Raises
    ------
    InvariantViolated
        If a file or directory has no path of its own, or a definition has no file above it.
    """
    if kind in UNIT_KINDS:
        return _settle_unit(name, place, parent)
    if kind in GROUNDED_KINDS and (place is None or place.qualname):
        raise InvariantViolated(
            f"{kind.value} {name!r} has no path of its own", "give a place with a path and no qualified name"
        )
    return place


def _settle_unit(name: str, place: Place | None, parent: Node | None) -> Place:
    if parent is None or parent.place is None:
        raise InvariantViolated(f"definition {name!r} has no file above it", "add it below a file")
    derived = below(parent, name)
    if place is None:
        return derived
    return place if place.qualname else replace(place, qualname=derived.qualname)


def below(parent: Node, name: str) -> Place:
    """Return the place of a definition of that name directly below ``parent``."""
    qualname = f"{parent.qualname}.{name}" if parent.qualname else name
    return Place(parent.path, qualname)


def anchor(kind: NodeKind, name: str, feature: str, place: Place | None, above: Iterable[str]) -> str:
    """Return what the id of a new node is made from.

    Parameters
    ----------
    above
        Names of the areas and categories above it, outermost first.
    """
    if kind in UNIT_KINDS and place is not None:
        return f"{place.path}::{place.qualname}"
    if kind in GROUNDED_KINDS and place is not None:
        return place.path
    if kind is NodeKind.FEATURE:
        return normalise(feature or name)
    if kind is NodeKind.CATEGORY:
        return "/".join(normalise(each) for each in [*above, name])
    return normalise(name)


def in_step(old: Node, new: Node) -> Node:
    """Return ``new`` with name, place and phrase agreeing again, where they agreed in ``old``.

    A new name renames the last part of the path or qualified name; a new place renames the node; a feature
    that is named by its phrase stays so.
    """
    if old.kind is NodeKind.FEATURE and old.name == old.feature:
        return replace(new, name=new.feature) if new.name == old.name else replace(new, feature=new.name)
    if old.kind not in GROUNDED_KINDS or old.place is None or new.place is None:
        return new
    if old.name != last_part(old.place, old.kind):
        return new
    if new.name != old.name and new.place == old.place:
        return replace(new, place=renamed(new.place, new.kind, new.name))
    if new.name == old.name:
        return replace(new, name=last_part(new.place, new.kind))
    return new


def rehoused(node: Node, parent: Node) -> Node:
    """Return the node with the place it has as a child of ``parent``; only a definition's place changes."""
    if node.kind not in UNIT_KINDS or node.place is None:
        return node
    home = below(parent, last_part(node.place, node.kind))
    return replace(node, place=replace(node.place, path=home.path, qualname=home.qualname))


def last_part(place: Place, kind: NodeKind) -> str:
    """Return the name that the place ends with."""
    return place.qualname.rpartition(".")[2] if kind in UNIT_KINDS else PurePosixPath(place.path).name


def renamed(place: Place, kind: NodeKind, name: str) -> Place:
    """Return the place with its last part renamed.

    Raises
    ------
    InvariantViolated
        If the name of a file or directory is itself a path.
    """
    if kind in UNIT_KINDS:
        head = place.qualname.rpartition(".")[0]
        return replace(place, qualname=f"{head}.{name}" if head else name)
    if "/" in name:
        raise InvariantViolated(f"{name!r} cannot be the name of {place.path}", "give it a new place instead")
    folder = place.path.rpartition("/")[0]
    return replace(place, path=f"{folder}/{name}" if folder else name)


def carried(place: Place, old: Place, new: Place) -> Place:
    """Return where ``place``, inside ``old``, is once ``old`` has become ``new``.

    Examples
    --------
    >>> carried(Place("a.py", "A.run"), Place("a.py", "A"), Place("b.py", "B"))
    Place(path='b.py', qualname='B.run', span=None, signature='')
    """
    path, qualname = place.path, place.qualname
    if path == old.path:
        path = new.path
        if old.qualname and qualname.startswith(f"{old.qualname}."):
            qualname = new.qualname + qualname[len(old.qualname) :]
    elif not old.qualname and path.startswith(f"{old.path}/"):
        path = new.path + path[len(old.path) :]
    return replace(place, path=path, qualname=qualname)
