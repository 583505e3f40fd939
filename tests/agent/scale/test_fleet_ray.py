from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from fleets import BEGUN, DIES, RUN, gone, own_environment, program, wait_for

from repowright.agent.scale import Finished, RayFleet, run_many
from repowright.agent.scale.errors import FleetUnavailable

with_ray = pytest.mark.skipif(find_spec("ray") is None, reason="the extra ray is not installed")

DRIVER = """
import sys
from pathlib import Path
from fleets import SLEEPS, program
from repowright.agent.scale import RayFleet, run_many
commands = [program(Path(sys.argv[1]), name, SLEEPS) for name in ("one", "two")]
try:
    run_many(commands, RayFleet(cpus=0.5))
except KeyboardInterrupt:
    raise SystemExit(130)
"""


@pytest.mark.skipif(find_spec("ray") is not None, reason="the extra ray is installed")
def test_cluster_without_ray_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(FleetUnavailable, match=r"repowright\[ray\]") as caught:
        run_many([program(tmp_path, "run", "pass")], RayFleet())
    assert caught.value.exit_code == 3


@with_ray
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_cluster_runs_in_order_resumes_the_dead_and_replaces_a_killed_worker(tmp_path: Path) -> None:
    worker_dies = BEGUN + RUN + "os.kill(int(open(f'/proc/{os.getppid()}/stat').read().split()[0]), 9); "
    commands = [
        program(tmp_path, "plain", "raise SystemExit(1)"),
        program(tmp_path, "killed", BEGUN + RUN + DIES, resume="raise SystemExit(0)"),
        program(tmp_path, "orphan", worker_dies + "import time; time.sleep(60)", resume="print('went on')"),
    ]
    told: list[Finished] = []
    finished = run_many(commands, RayFleet(cpus=0.5), told.append)
    assert [(one.name, one.exit_code) for one in finished] == [("plain", 1), ("killed", 0), ("orphan", 0)]
    assert finished[1].deaths == ("SIGKILL",)
    assert len(finished[2].deaths) == 1 and commands[2].log.read_text().endswith("went on\n")
    assert len(told) == 3


@with_ray
@pytest.mark.slow
def test_interrupt_stops_the_tasks_of_a_cluster(tmp_path: Path) -> None:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], env=own_environment())
    pids = [int(wait_for(tmp_path / name / "pid", 120)) for name in ("one", "two")]
    driver.send_signal(signal.SIGINT)
    assert driver.wait(120) == 130
    assert gone(pids)
    assert all((tmp_path / name / "interrupted").exists() for name in ("one", "two"))


@with_ray
def test_cluster_that_does_not_answer_is_an_error_with_a_hint(tmp_path: Path) -> None:
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    code = """
import sys
from pathlib import Path
from repowright.agent.scale import Command, RayFleet, run_many
from repowright.agent.scale.errors import FleetUnavailable
try:
    run_many([Command("one", ("-c", "pass"), Path(sys.argv[1]))], RayFleet("127.0.0.1:9"))
except FleetUnavailable as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert "no Ray cluster answers at 127.0.0.1:9" in told.stdout
