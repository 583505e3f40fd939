"""The report page, written from what lies in the run's folder."""

from __future__ import annotations

import time
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from repowright.agent.atomic import write_atomically
from repowright.agent.results import RunResults, read_results
from repowright.agent.run import Run
from repowright.tui import amounts
from repowright.tui.report.facts import Facts, gather
from repowright.tui.report.tree import Branch, branches
from repowright.tui.summary import delivered_as, verdict

if TYPE_CHECKING:
    from jinja2 import Environment

    from repowright.graph.model import RPG


def write_report(run: Run) -> Path:
    """Write ``report.html`` of a run, finished or not, and return its path.

    Raises
    ------
    RunDamaged
        If the events or results of the run cannot be read.
    GraphError
        If its graph cannot.
    """
    page = render_page(run, gather(run.events()), read_results(run), _graph(run))
    write_atomically(run.report, page.encode())
    return run.report


def render_page(run: Run, facts: Facts, results: RunResults, rpg: RPG | None) -> str:
    """Return the page; everything that a model or the user wrote is escaped."""
    from markupsafe import Markup

    style = files("repowright.tui.report").joinpath("style.css").read_text(encoding="utf-8")
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            manifest=run.manifest,
            created=time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(run.manifest.created)),
            spec=run.spec().text,
            status=run.status,
            verdict=verdict(facts.end) if facts.end else run.status,
            delivered=delivered_as(run.manifest.workflow),
            facts=facts,
            results=results,
            failing=[test for test in results.tests if test.outcome in ("failed", "error")],
            outcomes=Counter(test.outcome.value for test in results.tests),
            coverage={lines.path: lines for lines in results.coverage},
            most_tokens=max((stage.tokens for stage in facts.stages.values()), default=0),
            plan=_plan(rpg),
            drawing=Markup(_drawing(rpg)),
            style=Markup(style),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("repowright.tui.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tokens": amounts.tokens,
        "money": amounts.money,
        "duration": amounts.duration,
        "counted": amounts.count,
    }
    return environment


def _graph(run: Run) -> RPG | None:
    from repowright.graph.serial import load

    return load(run.graph) if run.graph.is_file() else None


def _plan(rpg: RPG | None) -> Branch | None:
    return branches(rpg) if rpg is not None else None


def _drawing(rpg: RPG | None) -> str:
    if rpg is None:
        return ""
    from repowright.graph.kinds import NodeKind
    from repowright.graph.render import svg

    return svg(rpg, "file" if rpg.nodes(NodeKind.FILE) else "area")
