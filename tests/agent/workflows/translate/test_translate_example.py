from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from small_translations import need_rust
from translations import Studio

from repowright.agent.events import LlmReply
from repowright.agent.manifest import read_manifest
from repowright.agent.settings import Settings
from repowright.agent.workflows.translate.records import Translation
from repowright.agent.workflows.translate.session import Asked, start

CELLS = Path(__file__).parents[4] / "examples/cells"

pytestmark = [pytest.mark.bubblewrap, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.mark.parametrize("stage", ["safe", "idiomatic"])
def test_the_spreadsheet_is_translated_again_as_it_was_recorded(stage: str, tmp_path: Path) -> None:
    need_rust()
    studio = Studio(tmp_path)
    translated = _replayed(studio, stage)
    assert {each.source for each in studio.told.of(LlmReply)} == {"replay"}
    assert _files(studio.out) == _files(CELLS / f"rust-{stage}")
    metrics = translated.metrics
    assert translated.is_complete and metrics.units > 20
    assert (metrics.unsafe.total == 0) is (stage == "idiomatic")


def _replayed(studio: Studio, stage: str) -> Translation:
    recording = CELLS / f"recording-{stage}"
    remembered = read_manifest(recording).settings.model_dump()
    settings = Settings.model_validate(remembered | {"sandbox": "bubblewrap", "parallel": 2})
    # The name of the folder is part of what was asked.
    folder = studio.folder / "cells"
    shutil.copytree(CELLS / "cells", folder)
    asked = Asked(folder, studio.out, idiomatic=stage == "idiomatic")
    end = asyncio.run(start(asked, settings, runs=studio.runs, replay=recording, subscribers=[studio.told]))
    assert (end.status, end.exit_code) == ("done", 0)
    return studio.translation


def _files(folder: Path) -> dict[str, bytes]:
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
