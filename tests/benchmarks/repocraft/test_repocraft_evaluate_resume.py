from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from evaluations import CART, CART_TEST, ROUNDING, ROUNDING_TEST, TAX, TAX_TEST, Court, task
from scripted_judge import Part, Script, served

from repowright.agent.errors import BudgetSpent, RunDamaged
from repowright.agent.event_log import read_events
from repowright.agent.events import BudgetLevel, RunEnd
from repowright.agent.runs import list_runs
from repowright.benchmarks.repocraft.tasks import TaskSet, write_task_set
from repowright.benchmarks.repocraft.verdicts import ArmResult, State

pytestmark = pytest.mark.bubblewrap

TASKS = [task(TAX), task(ROUNDING), task(CART)]
STATES = [State.PASSED, State.FAILED, State.PASSED]


def script() -> Script:
    return Script(
        {
            TAX: Part([["src/shop/prices.py:gross"]], tests=[TAX_TEST]),
            ROUNDING: Part([["src/shop/prices.py:rounded"]], tests=[ROUNDING_TEST]),
            CART: Part([["src/shop/cart.py:Cart"]], tests=[CART_TEST.replace("'low'", ""), CART_TEST]),
        }
    )


def asked_twice(asked: Script) -> list[str]:
    # Ballots are one request told apart by its number alone, which the endpoint does not see.
    counted = Counter(str(body["messages"]) for body in asked.requests if not body.get("response_format"))
    return [text for text, count in counted.items() if count > 1]


def test_budget_stops_the_run_and_resuming_asks_nothing_twice(tmp_path: Path) -> None:
    court, asked = Court(tmp_path), script()
    with served(asked) as url:
        with pytest.raises(BudgetSpent):
            court.judge(url, court.shop(), TASKS, budget="20ktok", parallel=2)
        before = len(asked.requests)
        end = court.told.of(RunEnd)[-1]
        assert (end.status, end.exit_code, court.run.status) == ("budget", 4, "budget")
        assert court.told.of(BudgetLevel)
        assert 0 < before < 22
        assert court.resume(url, budget="2Mtok").status == "done"
    assert len(asked.requests) == 22
    assert not asked_twice(asked)
    assert [verdict.state for verdict in court.result().verdicts] == STATES


def test_run_goes_on_with_the_repository_as_it_was(tmp_path: Path) -> None:
    court, asked = Court(tmp_path), script()
    with served(asked) as url:
        with pytest.raises(BudgetSpent):
            court.judge(url, court.shop(), TASKS, budget="20ktok", parallel=2)
        court.shop(prices="raise RuntimeError('changed')\n")
        court.resume(url, budget="2Mtok")
    assert [verdict.state for verdict in court.result().verdicts] == STATES


def test_altered_tasks_are_not_resumed(tmp_path: Path) -> None:
    court, asked = Court(tmp_path), script()
    with served(asked) as url:
        with pytest.raises(BudgetSpent):
            court.judge(url, court.shop(), TASKS, budget="20ktok", parallel=2)
        (court.run.folder / "tasks.json").write_text("[]", encoding="utf-8")
        with pytest.raises(RunDamaged, match=r"tasks\.json"):
            court.resume(url, budget="2Mtok")


@pytest.mark.timeout(240)
def test_killed_run_goes_on_without_asking_again(tmp_path: Path) -> None:
    """The process group is killed at three moments, named by how many requests have come in."""
    court, asked = Court(tmp_path), script()
    reached = threading.Event()
    asked.wait = lambda count: reached.set() if count in (4, 12, 19) else None
    tasks = tmp_path / "tasks.json"
    found = TaskSet(project="bazaar", alias="", version="1", seed=0, wanted=3, harvested=3, tasks=tuple(TASKS))
    write_task_set(found, tasks)
    with served(asked) as url:
        flags = ["--tasks", str(tasks), "--repo", str(court.shop()), "--model", "reader", "--base-url", url]
        first = ["bench", "repocraft", "run", *flags, "--sandbox", "bubblewrap", "-j", "2", "--jobs", "2", "--plain"]
        for number in range(3):
            reached.clear()
            _killed(_command(tmp_path, first if number == 0 else ["runs", "resume", "last", "--plain"]), reached)
        done = _command(tmp_path, ["runs", "resume", "last", "--plain"])
        assert done.wait(120) == 0
    (run,) = list_runs(tmp_path / "home" / "runs")
    result = ArmResult.model_validate_json((run.folder / "result.json").read_bytes())
    assert [verdict.state for verdict in result.verdicts] == STATES
    # What was under way when the process died was asked, but never answered to it: at most two at a time.
    assert len(asked.requests) <= 22 + 3 * 2
    told = [event.key for event in read_events(run.folder / "events.jsonl") if event.type == "llm.reply"]
    paid = [
        event.key
        for event in read_events(run.folder / "events.jsonl")
        if event.type == "llm.reply" and event.source == "endpoint"
    ]
    assert len(paid) == len(set(paid))
    assert len(set(told)) == 22


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


def _killed(process: subprocess.Popen[bytes], moment: threading.Event) -> None:
    deadline = time.monotonic() + 60
    while not moment.is_set() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
