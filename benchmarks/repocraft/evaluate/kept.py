"""Reads back what an evaluation keeps beside its run."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from repowright.agent.errors import RunDamaged

T = TypeVar("T")


def read_kept(path: Path, form: TypeAdapter[T]) -> T:
    """Read a file of a run's folder.

    Raises
    ------
    RunDamaged
        If it is missing or cannot be read.
    """
    try:
        return form.validate_json(path.read_bytes())
    except (OSError, ValidationError) as err:
        raise RunDamaged(f"{path} cannot be read", "start a new run, or restore the folder") from err
