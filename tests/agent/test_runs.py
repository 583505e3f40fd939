import os
from pathlib import Path

import pytest

from repowright.agent.errors import OutFolderError, RunBusy, RunDamaged, RunNotFound
from repowright.agent.out_folder import check_out_folder, default_out
from repowright.agent.run import Run
from repowright.agent.runs import find_recording, find_run, list_runs, remove, runs_root
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes


def make_run(root: Path, title: str = "A list", created: float = 1_700_000_000.0) -> Run:
    spec = spec_from_bytes(title.encode(), "command line")
    return Run.create(root, spec, Settings(model="m"), Path("/out"), lambda: created)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "runs"


def test_the_runs_live_where_the_environment_says(tmp_path: Path) -> None:
    assert runs_root({"REPOWRIGHT_HOME": str(tmp_path)}) == tmp_path / "runs"
    assert runs_root({}).parts[-2:] == ("repowright", "runs")


def test_a_run_is_found_by_id_start_folder_or_as_the_last(root: Path) -> None:
    first = make_run(root)
    last = make_run(root, "A game", 1_700_000_100.0)
    assert find_run(first.id, root).id == first.id
    assert find_run("20231114-221320", root).id == first.id
    assert find_run(str(first.folder), root).folder == first.folder
    assert find_run("last", root).id == last.id


def test_an_unknown_run_is_refused_with_near_ids(root: Path) -> None:
    with pytest.raises(RunNotFound, match="there are no runs yet"):
        find_run("last", root)
    run = make_run(root)
    with pytest.raises(RunNotFound, match=f"near: {run.id}"):
        find_run(run.id.replace("list", "lisp"), root)
    with pytest.raises(RunNotFound, match="see repowright runs list"):
        find_run("zzz", root)


def test_an_id_that_several_runs_start_with_is_refused(root: Path) -> None:
    make_run(root)
    make_run(root, "A game")
    with pytest.raises(RunNotFound, match="several start so"):
        find_run("2023", root)


def test_the_list_shows_damaged_runs_with_their_problem(root: Path) -> None:
    good = make_run(root)
    bad = make_run(root, "A game")
    (bad.folder / "manifest.json").write_text("{")
    good.update_status("done")
    damaged, summary = list_runs(root)
    assert (summary.id, summary.status, summary.model, summary.problem) == (good.id, "done", "m", "")
    assert damaged.id == bad.id
    assert "is not JSON" in damaged.problem
    assert list_runs(root / "none") == []


def test_a_recording_is_any_folder_with_manifest_and_record(root: Path, tmp_path: Path) -> None:
    run = make_run(root)
    with pytest.raises(RunDamaged, match="holds no record"):
        find_recording(run.id, root)
    run.record.mkdir()
    copy = tmp_path / "recording"
    run.folder.rename(copy)
    assert find_recording(str(copy), root) == copy
    with pytest.raises(RunDamaged, match="is no run"):
        find_recording(str(tmp_path), root)


def test_removing_takes_the_run_alone_and_damaged_ones_too(root: Path) -> None:
    run, other = make_run(root), make_run(root, "A game")
    (run.folder / "manifest.json").write_text("{")
    remove(run.folder, root)
    assert [summary.id for summary in list_runs(root)] == [other.id]


def test_a_busy_run_is_not_removed(root: Path) -> None:
    run = make_run(root)
    with run.lock(), pytest.raises(RunBusy, match=f"process {os.getpid()}"):
        remove(run.folder, root)
    assert run.folder.is_dir()


def test_a_folder_elsewhere_is_not_removed(root: Path, tmp_path: Path) -> None:
    run = make_run(tmp_path / "elsewhere")
    with pytest.raises(RunNotFound, match="not among the runs"):
        remove(run.folder, root)
    assert run.folder.is_dir()


def test_a_new_or_empty_folder_is_accepted_as_an_absolute_path(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert check_out_folder(Path("new/deep"), root) == tmp_path / "new" / "deep"
    assert not (tmp_path / "new").exists()
    assert default_out(spec_from_bytes(b"A small game", "-"), tmp_path) == tmp_path / "a-small-game"


def test_unusable_out_folders_are_refused_with_the_reason(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / ".git" / "HEAD").touch()
    cases = {
        tmp_path / "file": "is a file",
        tmp_path / "file" / "below": "cannot",
        tmp_path / "full": "is not empty",
        tmp_path / "work" / "inside": "git work tree",
        root / "x" / "out": "folder of the runs",
        Path("/proc/none"): "cannot write",
    }
    for out, words in cases.items():
        with pytest.raises(OutFolderError, match=words):
            check_out_folder(out, root)


def test_checking_leaves_nothing_behind(root: Path, tmp_path: Path) -> None:
    check_out_folder(tmp_path / "new", root)
    assert list(tmp_path.iterdir()) == []
