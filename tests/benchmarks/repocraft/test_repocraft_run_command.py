from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from evaluations import SHOP, TAX, TAX_TEST, task, write_files
from scripted_judge import Part, Script, served

from repowright.agent.events import parse_event
from repowright.agent.manifest import MANIFEST, read_manifest
from repowright.agent.runs import list_runs
from repowright.benchmarks.repocraft.tasks import TaskSet, write_task_set
from repowright.benchmarks.repocraft.verdicts import ArmResult, State
from repowright.tui.cli import cli

pytestmark = pytest.mark.bubblewrap

TASK = task(TAX)


class Desk:
    """The command line over one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shop = write_files(folder / "shop", SHOP)
        self.tasks = folder / "tasks.json"
        found = TaskSet(project="bazaar", alias="", version="1", seed=0, wanted=1, harvested=1, tasks=(TASK,))
        write_task_set(found, self.tasks)
        self.script = Script({TAX: Part([["src/shop/prices.py:gross"]], tests=[TAX_TEST])})

    def __call__(self, *arguments: str) -> Result:
        environment = {"REPOWRIGHT_HOME": str(self.folder / "home"), "OPENAI_API_KEY": "none"}
        return CliRunner().invoke(cli, list(arguments), env=environment)

    def run(self, *arguments: str) -> Result:
        given = ["--tasks", str(self.tasks), "--repo", str(self.shop), "--sandbox", "bubblewrap"]
        return self("bench", "repocraft", "run", *given, *arguments)

    @property
    def runs(self) -> Path:
        return self.folder / "home" / "runs"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_evaluation_is_a_run_like_all_others(desk: Desk, tmp_path: Path) -> None:
    with served(desk.script) as url:
        done = desk.run("--model", "reader", "--base-url", url, "--json", "--out", str(tmp_path / "result"))
    assert done.exit_code == 0, done.output
    events = [parse_event(line) for line in done.stdout.splitlines()]
    assert events[0].type == "run.start"
    assert events[-1].type == "run.end"
    assert [event.state for event in events if event.type == "task.end"] == ["passed"]
    (run,) = list_runs(desk.runs)
    manifest = read_manifest(run.folder)
    assert (manifest.workflow, manifest.status) == ("evaluate", "done")
    result = ArmResult.model_validate_json((tmp_path / "result" / "result.json").read_bytes())
    assert [verdict.state for verdict in result.verdicts] == [State.PASSED]
    assert (run.folder / "result.json").read_bytes() == (tmp_path / "result" / "result.json").read_bytes()

    assert "evaluate" in desk("runs", "list").stdout.lower()
    assert json.loads(desk("runs", "show", "last", "--json").stdout)["workflow"] == "evaluate"
    page = Path(desk("runs", "report", "last").stdout.strip()).read_text(encoding="utf-8")
    assert TASK.id in page
    assert "tasks passed" in page

    recording = tmp_path / "recording"
    assert desk("runs", "export", "last", str(recording)).exit_code == 0
    replayed = desk.run("--replay", str(recording), "--plain")
    assert replayed.exit_code == 0, replayed.output
    assert "1 of 1 task passed" in replayed.output
    assert len(desk.script.requests) == 7
    assert desk("runs", "rm", "last", "--yes").exit_code == 0
    assert len(list_runs(desk.runs)) == 1


def test_budget_ends_with_its_exit_code_and_either_command_resumes(desk: Desk) -> None:
    with served(desk.script) as url:
        flags = ["--base-url", url, "--plain"]
        assert desk.run("--model", "reader", "--budget", "12ktok", *flags).exit_code == 4
        assert desk("runs", "resume", "last", "--stop-after", "code").exit_code == 2
        assert desk("runs", "resume", "last", "--budget", "14ktok", *flags).exit_code in (0, 4)
        done = desk("bench", "repocraft", "run", "--resume", "last", "--budget", "1Mtok", *flags)
    assert done.exit_code == 0, done.output
    assert len(desk.script.requests) == 7


def test_terms_of_a_recording_hold_unless_others_are_given(desk: Desk, tmp_path: Path) -> None:
    with served(desk.script) as url:
        desk.run("--model", "reader", "--base-url", url, "--plain", "--votes", "3")
    desk("runs", "export", "last", str(tmp_path / "recording"))
    assert desk.run("--replay", str(tmp_path / "recording"), "--plain").exit_code == 0
    refused = desk.run("--replay", str(tmp_path / "recording"), "--plain", "--votes", "1")
    assert refused.exit_code == 2
    assert "other terms" in refused.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--model", "reader", "--task", "nothing-"], "has no such task"),
        (["--adapter", "rename"], "--package"),
        ([], "no model is set"),
        (["--resume", "last"], "--resume takes no"),
    ],
    ids=["no such task", "no package", "no model", "resume with more"],
)
def test_bad_input_starts_nothing(desk: Desk, arguments: list[str], told: str) -> None:
    done = desk.run(*arguments)
    assert done.exit_code in (2, 3)
    assert told in done.output
    assert not list_runs(desk.runs)


def test_missing_repository_and_tasks_are_named(desk: Desk) -> None:
    done = desk("bench", "repocraft", "run", "--tasks", "none.json", "--repo", "nowhere", "--model", "reader")
    assert (done.exit_code, "none.json" in done.output) == (2, True)
    flags = ["--model", "reader", "--base-url", "http://127.0.0.1:9/v1"]
    done = desk("bench", "repocraft", "run", "--tasks", str(desk.tasks), "--repo", "nowhere", *flags)
    assert "does not exist" in done.output
    assert done.exit_code != 0


def test_rename_needs_a_model_where_the_real_tests_are_not_pinned(desk: Desk) -> None:
    done = desk.run("--adapter", "rename", "--package", "shop", "--plain")
    assert done.exit_code == 0, done.output
    (run,) = list_runs(desk.runs)
    result = ArmResult.model_validate_json((run.folder / "result.json").read_bytes())
    assert [verdict.state for verdict in result.verdicts] == [State.NEEDS_MODEL]


def test_manifest_from_before_there_were_two_workflows_is_read(desk: Desk) -> None:
    desk.run("--adapter", "rename", "--package", "shop", "--plain")
    (run,) = list_runs(desk.runs)
    path = run.folder / MANIFEST
    body = json.loads(path.read_text(encoding="utf-8"))
    del body["workflow"]
    path.write_text(json.dumps(body), encoding="utf-8")
    assert read_manifest(run.folder).workflow == "generate"
