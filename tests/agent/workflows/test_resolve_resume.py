from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from resolutions import FIXED, ISSUE, Clinic, fixer, git, repository
from scripted_judge import served

from repowright.agent.errors import BudgetSpent, RunDamaged, SpecError
from repowright.agent.event_log import read_events
from repowright.agent.events import RunEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.workflows.resolve.records import Resolution, Verdict

pytestmark = pytest.mark.bubblewrap

REQUESTS = 7
"""Of a resolution in which nothing goes wrong."""


def test_budget_stops_the_run_and_resuming_asks_nothing_twice(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        with pytest.raises(BudgetSpent):
            clinic.resolve(url, shop, budget="16ktok")
        end = clinic.told.of(RunEnd)[-1]
        assert (end.status, end.exit_code, clinic.run.status) == ("budget", 4, "budget")
        assert end.resume == f"repowright runs resume {clinic.run.id}"
        assert 0 < len(model.requests) < REQUESTS
        assert clinic.resume(url, budget="2Mtok").status == "done"
    assert len(model.requests) == REQUESTS
    assert not model.asked_twice()
    assert clinic.resolution.verdict is Verdict.RESOLVED


def test_run_goes_on_with_the_repository_as_it_was(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        with pytest.raises(BudgetSpent):
            clinic.resolve(url, shop, budget="16ktok")
        (shop / "shop/prices.py").write_text("raise RuntimeError('changed')\n")
        end = clinic.resume(url, budget="2Mtok")
    assert end.exit_code == 0
    git(shop, "checkout", "--quiet", "shop/prices.py")
    git(shop, "apply", end.out)
    assert (shop / "shop/prices.py").read_text() == FIXED


def test_altered_copy_of_the_repository_is_not_resumed(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        with pytest.raises(BudgetSpent):
            clinic.resolve(url, shop, budget="16ktok")
        (clinic.run.folder / "repository.bin").write_bytes(b"x")
        with pytest.raises(RunDamaged, match=r"repository\.bin"):
            clinic.resume(url, budget="2Mtok")


def test_recording_replays_to_the_same_patch_and_to_no_other_issue(tmp_path: Path) -> None:
    clinic, shop, model = Clinic(tmp_path), repository(tmp_path / "shop"), fixer()
    with served(model) as url:
        first = clinic.resolve(url, shop)
    recording = clinic.run.folder
    again = Clinic(tmp_path / "again")
    end = again.resolve("http://127.0.0.1:9/v1", shop, replay=recording)
    assert end.exit_code == 0
    assert Path(end.out).read_bytes() == Path(first.out).read_bytes()
    assert again.resolution == clinic.resolution
    assert len(model.requests) == REQUESTS
    with pytest.raises(SpecError, match="another issue"):
        again.resolve("http://127.0.0.1:9/v1", shop, issue="Something else.", replay=recording)


@pytest.mark.timeout(240)
def test_killed_run_goes_on_without_asking_again(tmp_path: Path) -> None:
    model, shop = fixer(), repository(tmp_path / "shop")
    (tmp_path / "issue.md").write_text(ISSUE)
    reached = threading.Event()
    model.wait = lambda count: reached.set() if count in (2, 4, 6) else None
    with served(model) as url:
        flags = ["--repo", str(shop), "--model", "fixer", "--base-url", url, "--sandbox", "bubblewrap", "--plain"]
        for number in range(3):
            reached.clear()
            first = ["resolve", "--issue", "issue.md", *flags]
            sitting = _command(tmp_path, first if number == 0 else ["runs", "resume", "last", "--plain"])
            assert _killed(sitting, reached)
        assert _command(tmp_path, ["runs", "resume", "last", "--plain"]).wait(120) == 0
    (summary,) = list_runs(tmp_path / "home" / "runs")
    run = Run.open(summary.folder)
    found = Resolution.model_validate_json((run.folder / "resolution.json").read_bytes())
    assert found.verdict is Verdict.RESOLVED
    # What was under way when the process died was asked, but never answered to it.
    assert len(model.requests) <= REQUESTS + 3
    told = read_events(run.event_log)
    paid = [event.key for event in told if event.type == "llm.reply" and event.source == "endpoint"]
    assert len(paid) == len(set(paid))
    git(shop, "apply", str(run.folder / "fix.patch"))
    assert (shop / "shop/prices.py").read_text() == FIXED


def _command(folder: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    environment = dict(os.environ, REPOWRIGHT_HOME=str(folder / "home"), HOME=str(folder), OPENAI_API_KEY="none")
    return subprocess.Popen(
        [sys.executable, "-m", "repowright.tui", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _killed(process: subprocess.Popen[bytes], moment: threading.Event) -> bool:
    """Kill the process group at a moment; tell whether it was still at work then."""
    deadline = time.monotonic() + 60
    while not moment.is_set() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    at_work = process.poll() is None
    if at_work:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return at_work
