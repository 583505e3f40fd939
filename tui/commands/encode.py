"""``repowright encode``: a repository becomes a graph."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repowright.tui.model_options import lift_options

if TYPE_CHECKING:
    from repowright.graph.encode import Encoded

_EPILOG = """\b
Examples:
  repowright encode .
  repowright encode ~/src/django --lang python --out django.json
  repowright encode . --lift model --model gpt-5-mini --budget 2usd
"""


@click.command(epilog=_EPILOG)
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), help="Also write FILE.json, or store the graph in FILE.rpg.")
@click.option("--lang", metavar="NAMES", help="Read these languages alone, such as python,c.")
@lift_options
@click.option("--json", "as_json", is_flag=True, help="The summary as one JSON object.")
def encode(path: Path, out: Path | None, lang: str | None, as_json: bool, **options: Any) -> None:
    """Make the graph of the repository at PATH, or bring it up to date.

    It is stored in PATH/.repowright/graph.rpg; what has not changed is not worked out again.
    """
    from repowright.graph.encode import Means
    from repowright.graph.encode import encode as encoded_graph
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot
    from repowright.tui import update_view
    from repowright.tui.model_options import lift_settings, lift_stored_graph

    settings = lift_settings(options)
    snapshot = WorkTreeSnapshot(path)
    stored, exported = _places(path, out)
    found = encoded_graph(snapshot, stored, _languages(lang), Means(progress=update_view.progress()))
    lifted = None
    if settings is not None:
        done = lift_stored_graph(found.store_path, snapshot, settings, options["replay"])
        cost = done.cost
        lifted = {"calls": cost.calls, "tokens": cost.tokens, "usd": cost.usd, "lifted": done.report.lifted}
    if exported is not None:
        found.to_json(exported)
    update_view.warn(found.report)
    _show(found, exported, lifted, as_json)


def _show(found: Encoded, exported: Path | None, lifted: dict[str, float] | None, as_json: bool) -> None:
    from repowright.tui import update_view

    place = exported or found.store_path
    if as_json:
        click.echo(update_view.as_json(found.report, graph=str(place), lift=lifted))
        return
    click.echo(f"{place}: {update_view.summary(found.report)}")
    if lifted is not None:
        click.echo(f"lifted: {lifted['lifted']:,} features, {lifted['calls']} calls, {lifted['tokens']:,} tokens")


def _places(path: Path, out: Path | None) -> tuple[Path, Path | None]:
    """Return where the graph is stored, and where its JSON goes."""
    from repowright.graph.errors import StoreError
    from repowright.graph.store import default_store

    if out is None:
        return default_store(path), None
    if out.is_dir() or not out.absolute().parent.is_dir():
        what = "is a folder" if out.is_dir() else "lies in a folder that does not exist"
        raise StoreError(f"{out} {what}", "name a file in a folder that is there")
    return (out, None) if out.suffix == ".rpg" else (default_store(path), out)


def _languages(lang: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in lang.split(",") if name.strip()) if lang else ()
