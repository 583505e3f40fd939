"""One page and one JSON file about a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from repowright.benchmarks.localisation.cases import EFFORTS, Level
from repowright.benchmarks.localisation.scoring import DEPTHS, METRICS, Difference, Score

Scores = Mapping[str, Mapping[Level, Score]]
Differences = Mapping[Level, Difference]
Efforts = Mapping[str, float]
"""Median seconds; mean steps, tokens and US dollars where a model was asked."""

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;border-bottom:1px solid #8884;"
    "text-align:right}td:first-child,th:first-child{text-align:left}:root{color-scheme:light dark}"
)


def as_lines(scores: Scores, differences: Differences, efforts: Efforts) -> list[str]:
    """Return the figures for a terminal."""
    lines = []
    for part, levels in scores.items():
        lines.append(part)
        for level, found in levels.items():
            all_, any_, recall = (_joined(found.at[metric]) for metric in METRICS)
            spread = f"[{found.interval[0]:.1f}, {found.interval[1]:.1f}]"
            lines.append(
                f"  {level:8} n={found.cases:<4} ALL@1/3/5/10 {all_} (@5 {spread})  ANY {any_}  recall {recall}"
                f"  MRR {found.mrr:.3f}"
            )
    for level, gain in differences.items():
        lines.append(f"  {level}: ALL@5 {_gain(gain)} against the other run, n={gain.cases}")
    return [*lines, f"  {_effort(efforts)}"]


def as_json(scores: Scores, differences: Differences, efforts: Efforts) -> str:
    """Return the figures as JSON; ``at`` holds one figure for each depth of ``depths``."""
    told = {part: {level: found._asdict() for level, found in levels.items()} for part, levels in scores.items()}
    gains = {level: gain._asdict() for level, gain in differences.items()}
    data = {"depths": DEPTHS, "scores": told, "against": gains, "effort": dict(efforts)}
    return json.dumps(data, indent=1)


def as_html(title: str, scores: Scores, differences: Differences, efforts: Efforts) -> str:
    """Return the figures as a page that needs nothing else."""
    head = "".join(f"<th>{name}@{k}" for name in ("ALL", "ANY") for k in DEPTHS)
    blocks = []
    for part, levels in scores.items():
        rows = "".join(_row(level, found) for level, found in levels.items())
        blocks.append(f"<h2>{escape(part)}</h2><table><tr><th>level<th>n{head}<th>ALL@5, 95 %<th>MRR{rows}</table>")
    gains = "".join(
        f"<li>{level}: {_gain(gain)} points of ALL@5 (n={gain.cases})" for level, gain in differences.items()
    )
    against = f"<h2>Against the other run</h2><ul>{gains}</ul>" if gains else ""
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
        f"<h1>{escape(title)}</h1><p>ALL: every gold item is in the top k. ANY: at least one is. "
        f"{_effort(efforts)}.</p>{''.join(blocks)}{against}</html>\n"
    )


def _effort(efforts: Efforts) -> str:
    told = [f"median {efforts['seconds']:.3g} s a case"]
    told += [f"mean {efforts[name]:,.4g} {name}" for name in EFFORTS if name in efforts]
    return ", ".join(told)


def _row(level: str, found: Score) -> str:
    cells = "".join(f"<td>{figure:.1f}" for figure in (*found.at["all"], *found.at["any"]))
    low, high = found.interval
    return f"<tr><td>{level}<td>{found.cases}{cells}<td>{low:.1f} to {high:.1f}<td>{found.mrr:.3f}"


def _gain(gain: Difference) -> str:
    return f"{gain.points:+.1f} [{gain.interval[0]:+.1f}, {gain.interval[1]:+.1f}]"


def _joined(figures: tuple[float, ...]) -> str:
    return " / ".join(f"{figure:.1f}" for figure in figures)
