"""The report as one page that needs nothing else."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from repowright.benchmarks.repocraft.measure.clustering import OutlierRule
from repowright.benchmarks.repocraft.report import cells
from repowright.benchmarks.repocraft.report.model import Report

if TYPE_CHECKING:
    from jinja2 import Environment

_PACKAGE = "repowright.benchmarks.repocraft.report"


def as_html(report: Report) -> str:
    """Return the page; everything that comes from results, repositories and models is escaped."""
    from markupsafe import Markup

    style = files(_PACKAGE).joinpath("style.css").read_text(encoding="utf-8")
    page = _environment().get_template("page.html.j2")
    return page.render(report=report, style=Markup(style), rule=OutlierRule()) + "\n"


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(_PACKAGE, "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    names = ("percent", "interval", "counted", "factor", "money", "novelty", "ended", "one_line")
    environment.filters |= {name: getattr(cells, name) for name in names}
    return environment
