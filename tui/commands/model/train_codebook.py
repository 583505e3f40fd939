"""``repowright model train-codebook``: codebooks for a cache of one bit an element, or less."""

from __future__ import annotations

from pathlib import Path

import click

from repowright.tui.commands.model.options import HELD_OUT_NOTE, load, loading_options, tell, text_option, texts_of

_EPILOG = f"""{HELD_OUT_NOTE}

\b
Examples:
  repowright model train-codebook
  repowright model train-codebook smollm2 --rate 0.375 --texts 16
"""


@click.command("train-codebook", epilog=_EPILOG)
@loading_options
@text_option
@click.option(
    "--rate",
    type=click.Choice(["1", "0.375"]),
    multiple=True,
    help="Bits of an element; may be repeated. [default: both]",
)
@click.option("--texts", type=click.IntRange(1), default=8, show_default=True, help="Texts to learn from.")
@click.option("--tokens", type=click.IntRange(64), default=1024, show_default=True, help="Tokens of each text.")
@click.option("--plain", is_flag=True, help="Count all tokens alike, instead of by their anchor scores.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the entries that are begun with.")
def train_codebook(
    name: str,
    device: str,
    threads: int | None,
    cache: Path | None,
    paths: tuple[Path, ...],
    rate: tuple[str, ...],
    texts: int,
    tokens: int,
    plain: bool,
    seed: int,
) -> None:
    """Train the codebooks of MODEL, for `repowright serve --kv vq1`."""
    loaded = load(name, device, threads, cache)
    from repowright.inference_backend.training.codebooks import CodebookSettings
    from repowright.inference_backend.training.trained import TextSettings, gather_tokens, keep_books, train_books

    size = TextSettings(texts, tokens)
    found = gather_tokens(loaded, texts_of(paths), size, tell)
    for each in rate or ("1", "0.375"):
        settings = CodebookSettings(float(each), not plain, seed=seed)
        books = train_books(loaded, found, settings, tell)
        click.echo(keep_books(books, loaded, size, settings, cache))
