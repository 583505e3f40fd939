"""``repowright model train-gate``: a gate that chooses pages, distilled from the model's own attention."""

from __future__ import annotations

from pathlib import Path

import click

from repowright.tui.commands.model.options import HELD_OUT_NOTE, load, loading_options, tell, text_option, texts_of

_EPILOG = f"""{HELD_OUT_NOTE}

\b
Examples:
  repowright model train-gate
  repowright model train-gate ~/models/qwen2.5-coder-1.5b --text ~/src --texts 64 --tokens 4096
"""


@click.command("train-gate", epilog=_EPILOG)
@loading_options
@text_option
@click.option("--texts", type=click.IntRange(1), default=24, show_default=True, help="Texts to learn from.")
@click.option("--tokens", type=click.IntRange(512), default=2048, show_default=True, help="Tokens of each text.")
@click.option("--steps", type=click.IntRange(1), default=300, show_default=True, help="Steps of the optimiser.")
@click.option(
    "--channels", type=click.IntRange(16, 256), help="Channels of the gate's vectors; 64 or 128 as fits a head."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the queries that are taken.")
def train_gate(
    name: str,
    device: str,
    threads: int | None,
    cache: Path | None,
    paths: tuple[Path, ...],
    texts: int,
    tokens: int,
    steps: int,
    channels: int | None,
    seed: int,
) -> None:
    """Train the gate of MODEL, for `repowright serve --sparse gate`.

    The model stays as it is. The small model takes a few minutes on a processor.
    """
    loaded = load(name, device, threads, cache)
    from repowright.inference_backend.training.gate import GateSettings
    from repowright.inference_backend.training.trained import TextSettings, train_gate

    dim = channels or min(128, loaded.shape.head_dim)
    settings = GateSettings(dim=dim - dim % 2, steps=steps, seed=seed)
    _, file = train_gate(loaded, texts_of(paths), TextSettings(texts, tokens), settings, tell, cache)
    click.echo(file)
