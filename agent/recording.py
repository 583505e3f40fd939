"""A recording: what is needed to replay a run anywhere, and nothing that tells where it was made."""

from __future__ import annotations

import shutil
from pathlib import Path

from repowright.agent.errors import OutFolderError, RunDamaged
from repowright.agent.llm import Record
from repowright.agent.manifest import read_manifest, write_manifest
from repowright.agent.run import Run

TERMS = "evaluation.json"
"""Beside the manifest of a run that evaluates: how the repository is judged."""


def export_recording(run: Run, folder: Path) -> int:
    """Write a run's recording into a new folder and return how many replies it holds.

    Paths and the endpoint's address stay behind; every answer is checked on the way.

    Raises
    ------
    OutFolderError
        If the folder is there and not empty, or cannot be made.
    RunDamaged
        If the run has no replies, or one of them was altered.
    """
    count = sum(1 for _ in Record(run.record).replies())
    if not count:
        raise RunDamaged(f"the run {run.id} has no replies to record", "choose a run that has asked a model")
    try:
        if folder.exists() and any(folder.iterdir()):
            raise OutFolderError(f"{folder} is not empty", "name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copytree(run.record, folder / "record", ignore=shutil.ignore_patterns(".*"))
        if (run.folder / TERMS).is_file():
            shutil.copyfile(run.folder / TERMS, folder / TERMS)
    except OSError as error:
        raise OutFolderError(f"cannot write {folder}: {error.strerror}", "choose another folder") from error
    settings = run.manifest.settings.model_copy(update={"base_url": "", "budget": "", "sandbox": "auto"})
    first = read_manifest(Path(run.manifest.replay)) if run.manifest.replay else run.manifest
    kept = {
        "id": first.id,
        "created": first.created,  # commits count from it: a recording of a replay gives the same ones
        "out": "",
        "replay": "",
        "spec_origin": Path(run.manifest.spec_origin).name,
        "settings": settings,
    }
    write_manifest(folder, run.manifest.model_copy(update=kept))
    return count
