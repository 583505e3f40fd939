"""``repowright model``: fits the local engine's cache to a model."""

from __future__ import annotations

import click

from repowright.tui.commands.model.calibrate import calibrate
from repowright.tui.commands.model.card import card
from repowright.tui.commands.model.train_codebook import train_codebook
from repowright.tui.commands.model.train_gate import train_gate


@click.group(epilog="\b\nExamples:\n  repowright model train-gate smollm2\n  repowright model card smollm2")
def model() -> None:
    """Train, calibrate and measure what the local engine's cache needs of a model."""


for command in (train_gate, train_codebook, calibrate, card):
    model.add_command(command)
