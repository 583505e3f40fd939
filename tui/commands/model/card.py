"""``repowright model card``: what every way of keeping and reading the cache costs a model."""

from __future__ import annotations

from pathlib import Path

import click

from repowright.tui.commands.model.options import load, loading_options, tell

_EPILOG = """Measured on four modules of Python's standard library that nothing was trained on. Takes about half an hour
for the small model on one core.

\b
Examples:
  repowright model card smollm2
  repowright model card smollm2 --quick --out ./card --threads 2
"""


@click.command(epilog=_EPILOG)
@loading_options
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("card"),
    show_default=True,
    help="Folder of card.json, card.md and card.svg.",
)
@click.option("--quick", is_flag=True, help="A sixth of the text: for a first look.")
@click.option("--json", "as_json", is_flag=True, help="The card as one JSON object.")
def card(
    name: str, device: str, threads: int | None, cache: Path | None, out: Path, quick: bool, as_json: bool
) -> None:
    """Measure perplexity and recall of MODEL against bits, anchors, window and sparsity.

    A gate and codebooks that were not trained yet are trained first, and kept.
    """
    import json

    loaded = load(name, device, threads, cache)
    from repowright.inference_backend.card.card import CardSettings
    from repowright.inference_backend.card.making import make
    from repowright.inference_backend.card.writing import write

    settings = CardSettings.quick() if quick else CardSettings()
    found = make(loaded, settings, tell, cache)
    written = write(found, out)
    click.echo(json.dumps(found.as_json()) if as_json else written.markdown.read_text(encoding="utf-8"))
    click.echo(f"written: {written.json}, {written.markdown.name}, {written.picture.name}", err=True)
