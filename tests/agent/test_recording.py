from __future__ import annotations

from pathlib import Path

import pytest
from workshop import Workshop

from repowright.agent.errors import OutFolderError, RunDamaged
from repowright.agent.manifest import read_manifest
from repowright.agent.recording import export_recording


def test_recording_tells_nothing_of_the_machine_and_replays(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    workshop.start(2)
    folder = tmp_path / "recording"
    assert export_recording(workshop.run, folder) == len(list((folder / "record" / "reply").glob("*.json"))) > 0
    for path in folder.rglob("*.json"):
        assert str(tmp_path) not in path.read_text() and "127.0.0.1" not in path.read_text()
    assert read_manifest(folder).created == workshop.run.manifest.created
    assert workshop.start(2, replay=folder, out=tmp_path / "again").status == "done"
    export_recording(workshop.run, tmp_path / "second")
    assert read_manifest(tmp_path / "second") == read_manifest(folder)


def test_recording_goes_into_a_new_folder_alone(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    workshop.start(1, stop_after="proposal")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    with pytest.raises(OutFolderError, match="not empty"):
        export_recording(workshop.run, tmp_path / "full")


def test_altered_reply_is_not_exported(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    workshop.start(1, stop_after="proposal")
    reply = next(iter((workshop.run.record / "reply").glob("*.json")))
    reply.write_text(reply.read_text().replace('"finish_reason": "stop"', '"finish_reason": "halt"'))
    with pytest.raises(RunDamaged, match=reply.name):
        export_recording(workshop.run, tmp_path / "recording")
