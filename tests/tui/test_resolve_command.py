from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]  # its stubs are no dependency
from click.testing import CliRunner, Result
from resolutions import FIXED, ISSUE, fixer, git, repository
from scripted_fixer import Fixer
from scripted_judge import served

from repowright.agent.events import parse_event
from repowright.agent.manifest import read_manifest
from repowright.agent.runs import list_runs
from repowright.tui.cli import cli

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "resolve-issue.yml"


class Desk:
    """The command line over one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shop = repository(folder / "shop")
        self.issue = folder / "issue.md"
        self.issue.write_text(ISSUE)

    def __call__(self, *arguments: str, stdin: str | None = None) -> Result:
        environment = {"REPOWRIGHT_HOME": str(self.folder / "home"), "OPENAI_API_KEY": "none"}
        return CliRunner().invoke(cli, list(arguments), env=environment, input=stdin)

    def resolve(self, *arguments: str, issue: str = "", stdin: str | None = None) -> Result:
        given = ["--issue", issue or str(self.issue), "--repo", str(self.shop), "--sandbox", "bubblewrap"]
        return self("resolve", *given, *arguments, stdin=stdin)

    @property
    def runs(self) -> Path:
        return self.folder / "home" / "runs"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.mark.bubblewrap
def test_resolution_is_a_run_like_all_others(desk: Desk, tmp_path: Path) -> None:
    patch = tmp_path / "out" / "fix.patch"
    model: Fixer = fixer()
    with served(model) as url:
        done = desk.resolve("--model", "fixer", "--base-url", url, "--json", "--out", str(patch))
    assert done.exit_code == 0, done.output
    events = [parse_event(line) for line in done.stdout.splitlines()]
    assert (events[0].type, events[-1].type) == ("run.start", "run.end")
    (run,) = list_runs(desk.runs)
    manifest = read_manifest(run.folder)
    assert (manifest.workflow, manifest.status, manifest.out) == ("resolve", "done", str(patch))
    assert patch.read_bytes() == (run.folder / "fix.patch").read_bytes()

    assert json.loads(desk("runs", "show", "last", "--json").stdout)["workflow"] == "resolve"
    assert Path(desk("runs", "report", "last").stdout.strip()).is_file()
    recording = tmp_path / "recording"
    assert desk("runs", "export", "last", str(recording)).exit_code == 0
    replayed = desk.resolve("--replay", str(recording), "--plain", issue="-", stdin=ISSUE)
    assert replayed.exit_code == 0, replayed.output
    assert "A test failed before the patch and passes after it" in replayed.stdout
    assert len(model.requests) == 7
    git(desk.shop, "apply", str(patch))
    assert (desk.shop / "shop/prices.py").read_text() == FIXED


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--issue is missing"),
        (["--resume", "last", "--issue", "a.md"], "--resume takes no --issue"),
        (["--issue", "nowhere.md", "--model", "m", "--base-url", "http://127.0.0.1:9/v1"], "nowhere.md"),
    ],
)
def test_bad_input_is_one_line_and_begins_no_run(desk: Desk, arguments: list[str], said: str) -> None:
    done = desk("resolve", *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert not desk.runs.exists()


def test_lock_that_is_no_lock_begins_no_run(desk: Desk, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("--index-url http://127.0.0.1:9/simple\nflask\n")
    done = desk.resolve("--model", "m", "--base-url", "http://127.0.0.1:9/v1", "--lock", str(lock))
    assert done.exit_code != 0
    assert "not a package in one version" in done.stderr
    assert not desk.runs.exists()


def test_json_stream_of_a_refused_start_still_ends_with_run_end(desk: Desk) -> None:
    done = desk("resolve", "--json")
    assert done.exit_code == 2
    assert [parse_event(line).type for line in done.stdout.splitlines()] == ["error", "run.end"]


def test_example_for_a_build_service_calls_commands_as_they_are() -> None:
    body = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    scripts = [step["run"] for job in body["jobs"].values() for step in job["steps"] if "run" in step]
    called = re.findall(r"^ *repowright (\w+)((?:.*\\\n)*.*)", "\n".join(scripts).replace("\\\n", " "), re.MULTILINE)
    assert {"locate", "resolve"} <= {name for name, _ in called}
    for name, rest in called:
        command = cli.commands[name]
        options = {option for each in command.params for option in each.opts}
        assert set(re.findall(r"(?<!\S)--[a-z-]+", rest)) <= options, name


def test_example_gives_no_right_to_write_to_the_job_that_reads_the_issue() -> None:
    body = yaml.safe_load(EXAMPLE.read_text(encoding="utf-8"))
    assert body["permissions"] == {}
    assert body["jobs"]["work"]["permissions"] == {"contents": "read"}
    assert "secrets" not in str(body["jobs"]["post"])
    scripts = [step.get("run", "") for job in body["jobs"].values() for step in job["steps"]]
    assert not any("${{" in script for script in scripts)
