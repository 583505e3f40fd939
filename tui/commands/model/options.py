"""What the commands of this group have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from repowright.inference_backend.models.loader import LoadedModel

_Command = TypeVar("_Command", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path, exists=True)
_FOLDER = click.Path(path_type=Path, file_okay=False)

HELD_OUT_NOTE = "Without --text, learns from the source of Python's standard library; four modules of it are held out."


def loading_options(command: _Command) -> _Command:
    """Add the model, and where it computes and is kept."""
    for add in (
        click.option("--cache", type=_FOLDER, help="Folder of models and of what is trained; the user's if not given."),
        click.option(
            "--threads", type=click.IntRange(1, 256), help="Threads of the processor; as torch does if not given."
        ),
        click.option("--device", default="auto", show_default=True, help="cpu, cuda or auto."),
        click.argument("name", default="smollm2", metavar="[MODEL]"),
    ):
        command = add(command)
    return command


def text_option(command: _Command) -> _Command:
    """Add what is learned from."""
    add = click.option(
        "--text", "paths", type=_PATH, multiple=True, help="File or folder to learn from; may be repeated."
    )
    return add(command)


def load(name: str, device: str, threads: int | None, cache: Path | None) -> LoadedModel:
    """Load a model, quietly."""
    from repowright.inference_backend.models.loader import load_model, require_backend

    require_backend()
    import torch
    from transformers.utils import logging

    quieten: Callable[[], None] = logging.disable_progress_bar
    quieten()
    if threads:
        torch.set_num_threads(threads)
    return load_model(name, device, cache)


def texts_of(paths: tuple[Path, ...]) -> list[str]:
    """Return the texts that are learned from."""
    from repowright.inference_backend.training.text import file_text, standard_texts

    return file_text(paths) if paths else standard_texts()


def tell(line: str) -> None:
    """Say how far it is, beside the answer."""
    click.echo(line, err=True)
