"""The type clusters for people: a table of what came of each, and what speaks against those that are not accepted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from repowright.agent.workflows.translate.idiomatic.cluster_record import ClusterRecord

_HEAD = ["| cluster | types | functions | converters | round trips run, failed | unsafe before, after | accepted |"]
_LISTED = 8


def cluster_lines(clusters: Sequence[ClusterRecord]) -> list[str]:
    """Return the table and the list below it as Markdown; nothing without clusters."""
    if not clusters:
        return []
    rows = [_row(each) for each in clusters]
    accepted = sum(each.accepted for each in clusters)
    told = list(_told(clusters))
    below = ["", *told] if told else []
    return [f"{accepted} of {len(clusters)} accepted.", "", *_HEAD, "| --- " * 7 + "|", *rows, *below]


def _row(each: ClusterRecord) -> str:
    made = sum(trip.generated for trip in each.round_trips)
    ran, failed = (sum(getattr(trip, name) for trip in each.round_trips) for name in ("ran", "failed"))
    converters = f"{made} of {len(each.round_trips)}" if each.round_trips else "no type"
    cells = [
        f"`{each.name}`",
        ", ".join(f"`{name}`" for name in each.types[:_LISTED]) or "none",
        str(len(each.functions)),
        converters,
        f"{ran}, {failed}" if ran else "none",
        f"{each.unsafe_before}, {each.unsafe_after}",
        "yes" if each.accepted else "no",
    ]
    return f"| {' | '.join(cells)} |"


def _told(clusters: Sequence[ClusterRecord]) -> Iterator[str]:
    """Reasons of clusters, then of types without converters, then what the comparisons leave out."""
    yield from (f"- `{each.name}` is not accepted: {each.reason}" for each in clusters if each.reason)
    for trip in (trip for each in clusters for trip in each.round_trips):
        if trip.reason:
            yield f"- Converters of `{trip.type}` are not generated: {trip.reason}"
        elif trip.failed:
            yield f"- `{trip.type}` does not come back from `{trip.rust}`: {trip.told}"
        elif trip.not_compared:
            members = ", ".join(f"`{name}`" for name in trip.not_compared)
            yield f"- Of `{trip.type}` the SPEC leaves out {members}"
