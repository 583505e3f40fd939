"""Which files of a flat folder belong together: communities of their dependencies, steady under small changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

_ROUNDS = 6
_SMALLEST = 3
"""Communities of fewer files join another."""


def communities(members: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Divide members into communities, the largest first; everything goes by sorted order, nothing by chance.

    Modularity is raised by moving one member at a time to a neighbour's community (the local phase of Louvain,
    Blondel et al. 2008). A pair counts less the more others its target has, so that what everything imports binds
    nothing. Members that end alone, or with one other, make a community of their own together.

    Examples
    --------
    >>> ring = [("a", "b"), ("b", "c"), ("c", "a"), ("x", "y"), ("y", "z"), ("z", "x"), ("a", "x")]
    >>> communities(["a", "b", "c", "x", "y", "z"], ring)
    [['a', 'b', 'c'], ['x', 'y', 'z']]
    """
    weights = _weights(members, pairs)
    degree = {each: sum(weights[each].values()) for each in members}
    label = {each: each for each in members}
    total = dict(degree)
    twice = sum(degree.values()) or 1.0
    order = sorted(members, key=lambda each: (-degree[each], each))
    for _ in range(_ROUNDS):
        moved = [each for each in order if _move(each, weights[each], degree[each] / twice, degree, label, total)]
        if not moved:
            break
    return _gathered(members, label, weights)


def _weights(members: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, dict[str, float]]:
    fan_in = dict.fromkeys(members, 0)
    for _, target in pairs:
        fan_in[target] += 1
    weights: dict[str, dict[str, float]] = {each: {} for each in members}
    for source, target in pairs:
        weight = 1.0 / fan_in[target] ** 0.5
        weights[source][target] = weights[source].get(target, 0.0) + weight
        weights[target][source] = weights[target].get(source, 0.0) + weight
    return weights


def _move(
    member: str,
    neighbours: Mapping[str, float],
    share: float,
    degree: Mapping[str, float],
    label: dict[str, str],
    total: dict[str, float],
) -> bool:
    here = label[member]
    total[here] -= degree[member]
    linked: dict[str, float] = {here: 0.0}
    for other, weight in neighbours.items():
        linked[label[other]] = linked.get(label[other], 0.0) + weight
    best, best_gain = here, linked[here] - share * total[here]
    for each, weight in sorted(linked.items()):
        gain = weight - share * total[each]
        if gain > best_gain + 1e-9:
            best, best_gain = each, gain
    label[member] = best
    total[best] += degree[member]
    return best != here


def _gathered(
    members: Sequence[str], label: Mapping[str, str], weights: Mapping[str, Mapping[str, float]]
) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for each in members:
        groups.setdefault(label[each], []).append(each)
    large = {key for key, group in groups.items() if len(group) >= _SMALLEST}
    final: dict[str, list[str]] = {key: list(groups[key]) for key in sorted(large)}
    for key in sorted(set(groups) - large):
        for each in groups[key]:
            final.setdefault(_strongest(weights[each], label, large), []).append(each)
    if len(final.get("", ())) < _SMALLEST and len(final) > 1:
        rest = final.pop("", [])
        final[max(sorted(final), key=lambda key: len(final[key]))] += rest
    return sorted((sorted(group) for group in final.values()), key=lambda group: (-len(group), group))


def _strongest(neighbours: Mapping[str, float], label: Mapping[str, str], large: set[str]) -> str:
    sums: dict[str, float] = {}
    for other, weight in neighbours.items():
        if label[other] in large:
            sums[label[other]] = sums.get(label[other], 0.0) + weight
    return max(sorted(sums), key=sums.__getitem__) if sums else ""
