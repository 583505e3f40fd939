from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner
from given_up import WITHOUT, given_up

from repowright.agent import sandboxes
from repowright.benchmarks.repocraft.control import session as session_module
from repowright.benchmarks.repocraft.control.arms import Arm
from repowright.benchmarks.repocraft.control.results import ArmRun
from repowright.benchmarks.repocraft.control.session import ControlSession
from repowright.benchmarks.repocraft.errors import TasksUnreadable
from repowright.benchmarks.repocraft.projects import project_named
from repowright.benchmarks.repocraft.tasks import FORMAT, Task, TaskSet, read_task_set, write_task_set
from repowright.benchmarks.repocraft.verdicts import ArmResult, State
from repowright.executors import install
from repowright.tui.commands.repocraft.control import control

REQUESTS = project_named("requests")
pytestmark = pytest.mark.bubblewrap


@pytest.fixture(autouse=True)
def bubblewrap() -> None:
    if "bubblewrap" in given_up():
        pytest.skip(f"{WITHOUT} names bubblewrap")


def task(name: str, module: str, *functions: str) -> Task:
    return Task(
        category="requests",
        file="tests/test_structures.py",
        module=module,
        cap="structures",
        functions=functions,
        query_code="",
        alg_description="",
        task_query="",
        id=name,
        project="requests",
        version=REQUESTS.version,
        sdist_sha256=REQUESTS.sdist_sha256,
        source_sha256="",
        described_by="template",
        grouped_by="syntax",
    )


SOME = TaskSet(
    schema=FORMAT,
    project="requests",
    alias="HttpEasy",
    version=REQUESTS.version,
    seed=0,
    wanted=2,
    harvested=3,
    tasks=(
        task("requests-1", "class TestCaseInsensitiveDict", "test_list", "test_getitem"),
        task("requests-2", "class TestNoSuchClass", "test_nothing"),
    ),
    reserve=(task("requests-3", "class TestLookupDict", "test_repr", "test_get"),),
)


def run(out: Path, tasks: TaskSet = SOME, said: list[str] | None = None) -> dict[str, ArmRun]:
    lines = [] if said is None else said
    session = ControlSession(REQUESTS, tasks, out, "bubblewrap", 2, lines.append)
    return {found.result.arm: found for found in session.run(list(Arm))}


def test_the_arms_of_a_real_project_score_as_they_must_and_run_once(tmp_path: Path) -> None:
    rows = run(tmp_path)
    assert {arm: (row.result.passed, len(row.result.verdicts)) for arm, row in rows.items()} == {
        "real": (2, 2),
        "renamed": (2, 2),
        "stubbed": (0, 2),
        "empty": (0, 2),
    }
    assert all(row.as_it_must for row in rows.values())
    assert rows["real"].reasons == {"gold-not-collected": 1}
    assert [verdict.task for verdict in rows["renamed"].result.verdicts] == ["requests-1", "requests-3"]
    assert "No module named 'requests'" in rows["empty"].result.verdicts[0].detail
    assert rows["real"].record.cpu_s > 0
    kept = read_task_set(tmp_path / "requests.kept.json")
    assert [each.id for each in kept.tasks] == ["requests-1", "requests-3"]
    again: list[str] = []
    assert run(tmp_path, said=again) == rows
    assert again == []


def test_other_tasks_are_run_anew(tmp_path: Path) -> None:
    first = SOME.model_copy(update={"tasks": SOME.tasks[:1], "reserve": ()})
    said: list[str] = []
    session = ControlSession(REQUESTS, first, tmp_path, "bubblewrap", 1, said.append)
    list(session.run([Arm.EMPTY]))
    other = SOME.model_copy(update={"tasks": SOME.reserve, "reserve": ()})
    found = list(ControlSession(REQUESTS, other, tmp_path, "bubblewrap", 1, said.append).run([Arm.EMPTY]))
    assert [verdict.task for verdict in found[0].result.verdicts] == ["requests-3"]
    assert len([line for line in said if "empty arm" in line]) == 2


def test_a_project_that_does_not_install_fails_every_task_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "lock_of", lambda project: "no-such-package-at-all==99.0\n")
    monkeypatch.setattr(sandboxes, "install", partial(install, index_url="http://127.0.0.1:9/simple"))
    said: list[str] = []
    rows = run(tmp_path, said=said)
    assert {arm: [verdict.state for verdict in row.result.verdicts] for arm, row in rows.items()} == {
        arm: [State.ERROR, State.ERROR] for arm in Arm
    }
    assert all("cannot be installed" in verdict.detail for verdict in rows["real"].result.verdicts)
    assert not rows["real"].as_it_must
    assert any("no-such-package-at-all" in line for line in said)
    assert list(tmp_path.iterdir()) == []


def test_tasks_of_another_release_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TasksUnreadable, match=r"requests 1\.0"):
        run(tmp_path, SOME.model_copy(update={"version": "1.0"}))


def test_the_command_prints_a_table_and_ends_with_1_where_an_arm_is_wrong(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks.json"
    write_task_set(SOME.model_copy(update={"tasks": SOME.tasks[:1], "reserve": ()}), tasks)
    argv = ["--project", "requests", "--tasks", str(tasks), "--sandbox", "bubblewrap", "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(control, [*argv, "--arm", "real", "--arm", "empty"], standalone_mode=False)
    assert (done.exception, done.return_value) == (None, 0)
    lines = done.stdout.splitlines()
    assert [line.split(" | ")[1:5] for line in lines[2:]] == [["real", "1", "1", "100.0"], ["empty", "1", "0", "0.0"]]
    result = tmp_path / "out" / "requests.empty.json"
    wrong = ArmResult.model_validate_json(result.read_bytes())
    passing = [verdict.model_copy(update={"state": State.PASSED}) for verdict in wrong.verdicts]
    result.write_text(wrong.model_copy(update={"verdicts": tuple(passing)}).model_dump_json(), encoding="utf-8")
    done = CliRunner().invoke(control, [*argv, "--arm", "empty", "--json"], standalone_mode=False)
    assert done.return_value == 1
    assert json.loads(done.stdout)["as_it_must"] is False


def test_one_file_of_tasks_does_for_one_project_only(tmp_path: Path) -> None:
    done = CliRunner().invoke(control, ["--project", "all", "--tasks", str(tmp_path / "tasks.json")])
    assert (done.exit_code, "--tasks holds one project's tasks" in done.output) == (2, True)
