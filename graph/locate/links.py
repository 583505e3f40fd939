"""How units hang together: calls, bases and overridden methods, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from repowright.repo_tools.textindex.bm25 import Floats, Ints, add_up
from repowright.repo_tools.textindex.index import TextIndex
from repowright.repo_tools.textindex.units import CLASS_UNIT, MODULE_UNIT
from repowright.repo_tools.textindex.words import term_hash

_MOST_DEFINERS = 30
_MOST_TARGETS = 8
_MOST_BASES = 4


@dataclass(frozen=True)
class Links:
    """Edges between units by number.

    Parameters
    ----------
    caller, callee, sureness
        Calls; the sureness of a call that may mean one of n is 1/n.
    derived, base
        Classes and their bases.
    overriding, overridden
        Methods of one name in both.
    """

    caller: Ints
    callee: Ints
    sureness: Floats
    derived: Ints
    base: Ints
    overriding: Ints
    overridden: Ints

    def calls_out(self, size: int) -> Floats:
        """Number of calls each unit makes."""
        return add_up(self.caller, self.sureness, size)

    def calls_in(self, size: int) -> Floats:
        """Number of calls to each unit."""
        return add_up(self.callee, self.sureness, size)


def owners(index: TextIndex) -> Ints:
    """Return the class each unit stands in; -1 if none."""
    known = {(int(index.file[at]), index.units[at].qualname): int(at) for at in np.flatnonzero(index.is_class)}
    found = np.full(index.size, -1, np.int64)
    for at, unit in enumerate(index.units):
        above = unit.qualname.rpartition(".")[0]
        if above:
            found[at] = known.get((int(index.file[at]), above), -1)
    return found


def links_by_name(index: TextIndex, owner: Ints) -> Links:
    """Link units by the names they call and inherit from; good enough for ranking, needs no resolution."""
    caller, callee, sureness = _calls(index, owner)
    derived, base = _bases(index)
    overriding, overridden = _overrides(index, owner, derived, base)
    return Links(caller, callee, sureness, derived, base, overriding, overridden)


def _calls(index: TextIndex, owner: Ints) -> tuple[Ints, Ints, Floats]:
    sites = _distinct_sites(index)
    defined = np.flatnonzero(index.kind != MODULE_UNIT)
    names = np.array([term_hash(index.names[at]) for at in defined], np.uint64)
    order = np.argsort(names, kind="stable")
    defined, names = defined[order], names[order]
    first = np.searchsorted(names, sites[:, 1], "left")
    count = np.searchsorted(names, sites[:, 1], "right") - first
    known = (count > 0) & (count <= _MOST_DEFINERS)
    source, own = sites[known, 0].astype(np.int64), sites[known, 2] > 0
    first, count = first[known], count[known]
    site = np.repeat(np.arange(len(count)), count)
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    target = defined[first[site] + within]
    return _preferred(index, owner, source[site], target, own[site], site)


def _distinct_sites(index: TextIndex) -> NDArray[np.uint64]:
    columns = (index.calls.owner.astype(np.uint64), index.calls.term, index.call_own.astype(np.uint64))
    return np.unique(np.stack(columns, 1), axis=0)


def _preferred(
    index: TextIndex, owner: Ints, source: Ints, target: Ints, own: NDArray[np.bool_], site: Ints
) -> tuple[Ints, Ints, Floats]:
    """Of the definitions a call may mean, those of its own class come first, then functions of its own file."""
    same_class = own & (owner[source] == owner[target]) & (owner[source] >= 0)
    same_file = ~own & (index.file[source] == index.file[target]) & (owner[target] < 0)
    nearness = np.where(same_class, 3, np.where(same_file, 2, 1))
    sites = int(site[-1]) + 1 if len(site) else 0
    best = np.zeros(sites, np.int64)
    np.maximum.at(best, site, nearness)
    kept = nearness == best[site]
    source, target, site = source[kept], target[kept], site[kept]
    count = np.bincount(site, minlength=sites)[site]
    kept = (count <= _MOST_TARGETS) & (source != target)
    return source[kept], target[kept], 1 / count[kept]


def _bases(index: TextIndex) -> tuple[Ints, Ints]:
    by_name: dict[str, list[int]] = {}
    classes = [int(at) for at in np.flatnonzero(index.kind == CLASS_UNIT)]
    for at in classes:
        by_name.setdefault(index.names[at], []).append(at)
    pairs = []
    for at in classes:
        for written in index.units[at].bases:
            named = [each for each in by_name.get(written.rpartition(".")[2], ()) if each != at]
            near = [each for each in named if index.file[each] == index.file[at]] or named
            if len(near) <= _MOST_BASES:
                pairs += [(at, each) for each in near]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _overrides(index: TextIndex, owner: Ints, derived: Ints, base: Ints) -> tuple[Ints, Ints]:
    members: dict[int, dict[str, int]] = {}
    for at in np.flatnonzero(index.is_function & (owner >= 0)):
        members.setdefault(int(owner[at]), {})[index.names[at]] = int(at)
    pairs = []
    for below, above in zip(derived.tolist(), base.tolist(), strict=True):
        inherited = members.get(above, {})
        pairs += [(at, inherited[name]) for name, at in members.get(below, {}).items() if name in inherited]
    found = np.array(pairs, np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
