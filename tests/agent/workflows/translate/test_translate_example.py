from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from small_translations import need_rust
from workshop import Told

from repowright.agent.events import Warning as Warned
from repowright.agent.manifest import read_manifest
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.workflows.translate.checks import Bench, c_program, sanitize
from repowright.agent.workflows.translate.records import Translation
from repowright.agent.workflows.translate.session import Asked, start
from repowright.executors import choose

EXAMPLE = Path(__file__).parents[4] / "examples" / "cells"
SOURCE = EXAMPLE / "cells"
RECORDINGS = sorted(EXAMPLE.glob("recording-*"))

pytestmark = pytest.mark.bubblewrap


def test_the_spreadsheet_in_c_has_no_undefined_behaviour() -> None:
    need_rust()
    files = {path.relative_to(SOURCE).as_posix(): path.read_bytes() for path in SOURCE.rglob("*") if path.is_file()}
    box = choose("bubblewrap", toolchains=("c", "rust"))
    try:
        found = asyncio.run(sanitize(Bench(box), c_program(files)))
    finally:
        box.close()
    assert [(run.main, run.sound) for run in found.runs] == [("tests/test_cells.c", True)]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.name)
def test_the_recorded_translations_come_out_again_without_a_model(recording: Path, tmp_path: Path) -> None:
    need_rust()
    told, idiomatic = Told(), recording.name.endswith("idiomatic")
    recorded = read_manifest(recording).settings.model_dump()
    settings = Settings.model_validate({**recorded, "base_url": "http://127.0.0.1:9/v1", "sandbox": "bubblewrap"})
    asked = Asked(SOURCE, tmp_path / "out", idiomatic=idiomatic)
    end = asyncio.run(start(asked, settings, runs=tmp_path / "runs", replay=recording, subscribers=[told]))
    (run,) = list_runs(tmp_path / "runs")
    found = Translation.model_validate_json((run.folder / "translation.json").read_bytes())
    assert end.status == "done" and found.is_complete
    assert found.metrics.verified == found.metrics.units
    assert ("trace", "varargs") in {(each.name, each.code) for each in found.refused}
    assert not found.differences and not [each.message for each in told.of(Warned) if "otherwise" in each.message]
    if idiomatic:
        assert found.interface == "designed" and found.metrics.unsafe.total == 0
