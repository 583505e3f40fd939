"""The three files of a report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.atomic import write_atomically
from repowright.benchmarks.repocraft.report.markdown import as_markdown
from repowright.benchmarks.repocraft.report.model import Report
from repowright.benchmarks.repocraft.report.page import as_html


@dataclass(frozen=True)
class Written:
    """Where a report lies."""

    html: Path
    json: Path
    markdown: Path


def as_json(report: Report) -> str:
    """Return canonical JSON: the same report gives the same bytes."""
    body = report.model_dump(mode="json", by_alias=True)
    return json.dumps(body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def write_report(report: Report, out: Path) -> Written:
    """Write ``report.html``, ``report.json`` and ``report.md``, each whole or not at all.

    Raises
    ------
    OSError
        If the folder cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = Written(out / "report.html", out / "report.json", out / "report.md")
    write_atomically(written.json, as_json(report).encode("utf-8", "replace"))
    write_atomically(written.html, as_html(report).encode("utf-8", "replace"))
    write_atomically(written.markdown, as_markdown(report).encode("utf-8", "replace"))
    return written
