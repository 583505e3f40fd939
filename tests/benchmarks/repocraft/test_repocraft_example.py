from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repowright.benchmarks.repocraft.evaluate.terms import hash_of_tasks
from repowright.benchmarks.repocraft.projects import project_named
from repowright.benchmarks.repocraft.tasks import read_task_set
from repowright.benchmarks.repocraft.verdicts import ArmResult

EXAMPLE = Path(__file__).parents[3] / "examples" / "httpeasy"
HEAD = (EXAMPLE / "commit").read_text(encoding="utf-8").strip()
MINUTES = 60


def repowright(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "REPOWRIGHT_HOME": str(folder / "runs"), "REPOWRIGHT_PARALLEL": "4"}
    argv = [sys.executable, "-m", "repowright.tui", *arguments]
    done = subprocess.run(argv, env=environment, cwd=folder, capture_output=True, text=True, timeout=10 * MINUTES)
    assert done.returncode in {0, 1}, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
@pytest.mark.bubblewrap
@pytest.mark.timeout(20 * MINUTES)
def test_httpeasy_is_written_and_scored_again_as_it_was_recorded(tmp_path: Path) -> None:
    spec = str(project_named("requests").specification)
    sandbox = ("--sandbox", "bubblewrap", "--plain")
    out, tasks, result = tmp_path / "httpeasy", tmp_path / "tasks", tmp_path / "result"
    repowright(tmp_path, "generate", spec, "--replay", str(EXAMPLE / "generation"), "--out", str(out), *sandbox)
    git = ["git", "-C", str(out), "rev-parse", "HEAD"]
    assert subprocess.run(git, check=True, capture_output=True, text=True).stdout.strip() == HEAD
    build = ("bench", "repocraft", "build", "--project", "requests", "--out", str(tasks))
    repowright(tmp_path, *build, "--replay", str(EXAMPLE / "tasks"))
    means = json.loads((EXAMPLE / "result" / "means.json").read_bytes())
    file = tasks / "requests.json"
    assert hash_of_tasks(read_task_set(file).tasks) == means["tasks_sha256"]
    run = ("bench", "repocraft", "run", "--tasks", str(file), "--repo", str(out), "--out", str(result))
    repowright(tmp_path, *run, "--replay", str(EXAMPLE / "evaluation"), *sandbox)
    again, before = (
        ArmResult.model_validate_json((each / "result.json").read_bytes()) for each in (result, EXAMPLE / "result")
    )
    assert {each.task: (each.state, each.ballots, each.located) for each in again.verdicts} == {
        each.task: (each.state, each.ballots, each.located) for each in before.verdicts
    }
    assert len(again.verdicts) >= 20 and again.passed > 0
