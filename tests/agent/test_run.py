import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.errors import RunBusy, RunDamaged, UserError
from repowright.agent.event_log import EventLog, read_events
from repowright.agent.events import EventBus, FileWritten, StageStart
from repowright.agent.run import Run
from repowright.agent.run_lock import is_locked
from repowright.agent.settings import Settings
from repowright.agent.spec import spec_from_bytes

SPEC = spec_from_bytes(b"# A to-do list\nkeeps tasks\n", "todo.md")
NOON = 1_700_000_000.0


def make_run(root: Path, budget: str = "") -> Run:
    return Run.create(root, SPEC, Settings(model="m", budget=budget), Path("/out/x"), lambda: NOON)


def test_a_created_run_opens_as_it_was_written(tmp_path: Path) -> None:
    run = make_run(tmp_path, budget="2usd")
    again = Run.open(run.folder)
    assert again.id == "20231114-221320-a-to-do-list"
    assert again.manifest == run.manifest
    assert again.spec() == SPEC
    assert (again.out, again.manifest.settings.budget) == (Path("/out/x"), "2usd")


def test_runs_of_one_second_do_not_meet(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(lambda _: make_run(tmp_path).id, range(8)))
    assert len(ids) == 8


def test_a_root_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="REPOWRIGHT_HOME"):
        make_run(tmp_path / "file" / "runs")


def test_a_status_survives_reopening(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.update_status("failing")
    assert Run.open(run.folder).status == "failing"
    assert sorted(path.name for path in run.folder.iterdir()) == ["manifest.json", "spec.md"]


def test_a_run_whose_process_died_counts_as_interrupted(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with run.lock():
        assert Run.open(run.folder).status == "running"
    assert Run.open(run.folder).status == "interrupted"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda body: "{", "is not JSON"),
        (lambda body: "[]", "not the manifest"),
        (lambda body: body.replace("repowright.run/1", "repowright.run/2"), "newer version.*upgrade"),
        (lambda body: body.replace("repowright.run/1", "other/1"), "not the manifest"),
        (lambda body: body.replace('"created"', '"creatid"'), "created does not fit"),
    ],
)
def test_a_garbled_manifest_is_refused(tmp_path: Path, change: Callable[[str], str], words: str) -> None:
    run = make_run(tmp_path)
    path = run.folder / "manifest.json"
    path.write_text(change(path.read_text()))
    with pytest.raises(RunDamaged, match=words):
        Run.open(run.folder)


def test_a_folder_without_manifest_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunDamaged, match=r"no readable manifest\.json"):
        Run.open(tmp_path)


def test_a_changed_specification_is_noticed(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run.folder / "spec.md").write_text("something else")
    with pytest.raises(RunDamaged, match="was changed"):
        run.spec()


HOLD = """
import sys
from collections.abc import Callable
from pathlib import Path
from repowright.agent.run import Run
with Run.open(Path(sys.argv[1])).lock():
    print("held", flush=True)
    sys.stdin.read()
"""


def test_two_processes_cannot_work_on_one_run(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    command = [sys.executable, "-c", HOLD, str(run.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        assert is_locked(run.folder)
        with pytest.raises(RunBusy, match=f"process {other.pid} works on the run"), run.lock():
            pass
        other.kill()
        other.wait(30)
        with run.lock():
            assert (run.folder / "lock").read_text() == str(os.getpid())


def logged(path: Path, *names: str) -> None:
    log = EventLog(path)
    bus = EventBus("r", lambda: 1.0)
    bus.subscribe(log)
    for name in names:
        bus.emit(FileWritten(path=name, lines=1))
    log.close()


def test_events_are_read_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    logged(path, "a", "b")
    logged(path, "c")
    assert [event.path for event in read_events(path) if isinstance(event, FileWritten)] == ["a", "b", "c"]
    assert all(json.loads(line)["run"] == "r" for line in path.read_text().splitlines())


def test_a_torn_last_line_is_left_out_and_then_replaced(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    logged(path, "a", "b")
    os.truncate(path, path.stat().st_size - 7)
    assert len(list(read_events(path))) == 1
    logged(path, "c")
    assert [event.model_dump()["path"] for event in read_events(path)] == ["a", "c"]


def test_a_log_of_one_torn_line_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text("{" + "x" * 200_000)
    logged(path, "a")
    assert len(list(read_events(path))) == 1


def test_an_altered_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    logged(path, "a", "b")
    path.write_text(path.read_text().replace('"lines":1', '"lines":"many"', 1))
    with pytest.raises(RunDamaged, match="line 1"):
        list(read_events(path))


def test_a_missing_log_has_no_events(tmp_path: Path) -> None:
    assert list(read_events(tmp_path / "none")) == []


def test_the_log_of_a_run_holds_what_its_bus_emits(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    log = run.log()
    log(StageStart(stage="code", title="Code"))
    log.close()
    log.close()
    assert [event.type for event in run.events()] == ["stage.start"]


def test_artifacts_are_kept_once_under_their_hash(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "artifacts")
    address = store.put(b"plan")
    assert store.put_text("plan") == address
    assert (store.get(address), store.get_text(address), address in store) == (b"plan", "plan", True)
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1


def test_an_altered_artifact_is_refused_and_put_mends_it(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    address = store.put(b"plan")
    (tmp_path / address[:2] / address[2:]).write_bytes(b"plot")
    with pytest.raises(RunDamaged, match="was altered"):
        store.get(address)
    assert store.get(store.put(b"plan")) == b"plan"


@pytest.mark.parametrize("address", ["0" * 64, "../../etc/passwd", ""])
def test_an_address_that_is_not_kept_is_refused(tmp_path: Path, address: str) -> None:
    store = ArtifactStore(tmp_path)
    assert address not in store
    with pytest.raises(RunDamaged):
        store.get(address)
