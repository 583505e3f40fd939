"""``repowright model calibrate``: which cache a model bears, found by measurement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repowright.tui.commands.model.options import HELD_OUT_NOTE, load, loading_options, tell, text_option, texts_of

if TYPE_CHECKING:
    from repowright.inference_backend.card.calibrate import Calibration

_EPILOG = f"""{HELD_OUT_NOTE}

\b
Examples:
  repowright model calibrate smollm2
  repowright model calibrate smollm2 --tolerance 0.02 --json
"""


@click.command(epilog=_EPILOG)
@loading_options
@text_option
@click.option(
    "--tolerance",
    type=click.FloatRange(0, 10),
    default=0.05,
    show_default=True,
    help="Share by which perplexity may rise.",
)
@click.option("--budget", type=click.IntRange(128), default=512, show_default=True, help="Tokens read of the pages.")
@click.option("--json", "as_json", is_flag=True, help="What was found as one JSON object.")
def calibrate(
    name: str,
    device: str,
    threads: int | None,
    cache: Path | None,
    paths: tuple[Path, ...],
    tolerance: float,
    budget: int,
    as_json: bool,
) -> None:
    """Find the smallest cache that MODEL bears, and the layers that must read all pages.

    Gate and codebooks take part where they were trained. What is found is advice: it is said, and written beside them.
    """
    import json
    from dataclasses import asdict

    loaded = load(name, device, threads, cache)
    from repowright.inference_backend.card import calibrate as calibration
    from repowright.inference_backend.training import artefacts

    settings = calibration.CalibrationSettings(tolerance, budget)
    gate, books = artefacts.known_gate(loaded, cache), artefacts.known_books(loaded, cache)
    found = calibration.calibrate(loaded, texts_of(paths), settings, gate, books, tell)
    file = calibration.save(found, cache)
    click.echo(json.dumps(asdict(found)) if as_json else _told(found))
    click.echo(f"written: {file}", err=True)


def _told(found: Calibration) -> str:
    lines = [f"{name}: perplexity {value:.2f}" for name, value in found.perplexities.items()]
    lines.append(f"take --kv {found.kv}")
    lines.append(f"dense layers where pages are chosen: the first {found.dense_layers} (by {found.chosen_by})")
    return "\n".join(lines)
