from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from scripted_translator import Translator, translating
from small_c_projects import QUEUE
from small_translations import need_rust
from translations import Studio

from repowright.agent.errors import BudgetSpent, RunDamaged
from repowright.agent.event_log import read_events
from repowright.agent.events import RunEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.workflows.translate.records import Translation

pytestmark = pytest.mark.bubblewrap

COMMAND = """import sys
from repowright.tui.commands.translate import translate
sys.exit(translate.main(standalone_mode=False))"""


@pytest.fixture(autouse=True)
def _rust() -> None:
    need_rust()


@pytest.mark.timeout(240)
def test_budget_stops_the_run_and_resuming_asks_nothing_twice(tmp_path: Path) -> None:
    studio, model = Studio(tmp_path), Translator(QUEUE.solution)
    with translating(model) as url:
        with pytest.raises(BudgetSpent):
            studio.translate(url, QUEUE, budget="20ktok")
        end = studio.told.of(RunEnd)[-1]
        assert (end.status, end.exit_code, studio.run.status) == ("budget", 4, "budget")
        assert end.resume == f"repowright runs resume {studio.run.id}"
        assert 0 < len(model.requests) < 3
        (tmp_path / "project/c/ring.c").write_text("changed since")
        assert studio.resume(url, budget="2Mtok").status == "done"
        assert len(model.requests) == 3 and not model.asked_twice()
        assert studio.translation.metrics.tests_passed == 2
        (studio.run.folder / "source/repository.bin").write_bytes(b"x")
        with pytest.raises(RunDamaged, match=r"repository\.bin"):
            studio.resume(url)


@pytest.mark.timeout(240)
def test_killed_run_goes_on_without_asking_again(tmp_path: Path) -> None:
    model, place = Translator(QUEUE.solution), QUEUE.write(tmp_path / "project")
    reached = threading.Event()
    model.wait = lambda count: reached.set() if count == 2 else None
    with translating(model) as url:
        flags = ["--model", "translator", "--base-url", url, "--sandbox", "bubblewrap", "--plain"]
        given = [
            "--interface",
            str(place / "interface"),
            "--tests",
            str(place / "tests"),
            "--out",
            str(tmp_path / "out"),
        ]
        assert _killed(_command(tmp_path, [str(place / "c"), "--to", "rust", *given, *flags]), reached)
        assert _command(tmp_path, ["--resume", "last", *flags]).wait(150) == 0
    (summary,) = list_runs(tmp_path / "home" / "runs")
    run = Run.open(summary.folder)
    found = Translation.model_validate_json((run.folder / "translation.json").read_bytes())
    assert found.is_complete and found.metrics.tests_passed == 2
    # What was under way when the process died was asked, but never answered to it.
    assert len(model.requests) <= 3 + 1
    told = read_events(run.event_log)
    paid = [event.key for event in told if event.type == "llm.reply" and event.source == "endpoint"]
    assert len(paid) == len(set(paid))
    assert "vec![0; limit]" in (tmp_path / "out/src/ring.rs").read_text()


def _command(folder: Path, arguments: list[str]) -> subprocess.Popen[bytes]:
    environment = dict(os.environ, REPOWRIGHT_HOME=str(folder / "home"), HOME=os.environ["HOME"], OPENAI_API_KEY="none")
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _killed(process: subprocess.Popen[bytes], moment: threading.Event) -> bool:
    """Kill the process group at a moment; tell whether it was still at work then."""
    deadline = time.monotonic() + 90
    while not moment.is_set() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    at_work = process.poll() is None
    if at_work:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return at_work
