from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fleets import BEGUN, DIES, RUN, SLEEPS, gone, is_alive, own_environment, program, wait_for

from repowright.agent.scale import Command, Finished, LocalFleet, run_many
from repowright.agent.scale.errors import CommandsClash

DRIVER = """
import sys
from pathlib import Path
from fleets import SLEEPS, program
from repowright.agent.scale import LocalFleet, run_many
commands = [program(Path(sys.argv[1]), name, SLEEPS) for name in ("one", "two", "three")]
try:
    run_many(commands, LocalFleet(jobs=2))
except KeyboardInterrupt:
    raise SystemExit(130)
"""


def test_commands_end_in_their_order_whatever_order_they_took(tmp_path: Path) -> None:
    codes = ["import time; time.sleep(1); raise SystemExit(3)", "pass", "raise SystemExit(1)"]
    commands = [program(tmp_path, f"run-{number}", code) for number, code in enumerate(codes)]
    told: list[Finished] = []
    finished = run_many(commands, LocalFleet(jobs=3), told.append)
    assert [(one.name, one.exit_code) for one in finished] == [("run-0", 3), ("run-1", 0), ("run-2", 1)]
    assert told[-1].name == "run-0" and {one.name for one in told} == {"run-0", "run-1", "run-2"}
    assert {one.attempts for one in finished} == {1}


def test_no_more_run_at_a_time_than_jobs(tmp_path: Path) -> None:
    code = """
import os, pathlib, time
mark = pathlib.Path('..') / f'on-{os.getpid()}'
mark.touch()
time.sleep(0.3)
(pathlib.Path('..') / f'seen-{os.getpid()}').write_text(str(len(list(pathlib.Path('..').glob('on-*')))))
mark.unlink()
"""
    run_many([program(tmp_path, f"run-{number}", code) for number in range(4)], LocalFleet(jobs=2))
    seen = [int(path.read_text()) for path in tmp_path.glob("seen-*")]
    assert len(seen) == 4 and max(seen) <= 2


def test_killed_process_goes_on_with_its_run(tmp_path: Path) -> None:
    command = program(tmp_path, "run", BEGUN + RUN + DIES, resume="print('went on'); raise SystemExit(1)")
    (finished,) = run_many([command], LocalFleet())
    assert finished == Finished("run", 1, 2, ("SIGKILL",))
    assert command.log.read_text() == "went on\n"


def test_killed_process_that_had_begun_no_run_begins_anew(tmp_path: Path) -> None:
    code = BEGUN + "mark = pathlib.Path('first'); first = not mark.exists(); mark.touch(); first and " + DIES
    command = program(tmp_path, "run", code, resume="raise SystemExit(9)")
    assert run_many([command], LocalFleet()) == [Finished("run", 0, 2, ("SIGKILL",))]


def test_process_that_dies_every_time_is_given_up(tmp_path: Path) -> None:
    command = program(tmp_path, "run", BEGUN + RUN + DIES, resume=BEGUN + "os.kill(os.getpid(), 11)")
    (finished,) = run_many([command, program(tmp_path, "other", "pass")], LocalFleet(jobs=1, resumes=2))[:1]
    assert finished.died and finished.exit_code == -signal.SIGSEGV
    assert finished.deaths == ("SIGKILL", "SIGSEGV", "SIGSEGV") and finished.attempts == 3


def test_processes_left_by_a_run_are_ended_with_it(tmp_path: Path) -> None:
    code = """
import pathlib, subprocess, sys
left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(120)'])
pathlib.Path('pid').write_text(str(left.pid))
left.returncode = 0
"""
    command = program(tmp_path, "run", code)
    assert run_many([command], LocalFleet())[0].exit_code == 0
    assert gone([int((command.folder / "pid").read_text())])


def test_interrupt_stops_what_runs_begins_nothing_and_leaves_no_process(tmp_path: Path) -> None:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], env=own_environment())
    pids = [int(wait_for(tmp_path / name / "pid")) for name in ("one", "two")]
    assert all(map(is_alive, pids))
    driver.send_signal(signal.SIGINT)
    assert driver.wait(60) == 130
    assert gone(pids)
    assert all((tmp_path / name / "interrupted").exists() for name in ("one", "two"))
    assert not (tmp_path / "three" / "pid").exists()


def test_no_process_outlives_a_fleet_that_is_killed(tmp_path: Path) -> None:
    driver = subprocess.Popen([sys.executable, "-c", DRIVER, str(tmp_path)], env=own_environment())
    pids = [int(wait_for(tmp_path / name / "pid")) for name in ("one", "two")]
    driver.kill()
    driver.wait(60)
    assert gone(pids)


def test_process_that_does_not_heed_the_interrupt_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repowright.executors.children.GRACE_S", 0.5)
    deaf = program(tmp_path, "deaf", SLEEPS.replace("raise SystemExit(130)", "pass"))
    fleet = LocalFleet(jobs=2)

    def refuse(_: Finished) -> None:
        wait_for(deaf.folder / "pid")
        raise RuntimeError("enough")

    began = time.monotonic()
    with pytest.raises(RuntimeError, match="enough"):
        run_many([deaf, program(tmp_path, "quick", "pass")], fleet, refuse)
    assert time.monotonic() - began < 60
    assert gone([int((deaf.folder / "pid").read_text())])


def test_commands_that_share_a_folder_or_a_name_are_refused(tmp_path: Path) -> None:
    one = program(tmp_path, "one", "pass")
    with pytest.raises(CommandsClash, match="folder"):
        run_many([one, Command("two", one.arguments, one.folder)], LocalFleet())
    with pytest.raises(CommandsClash, match="name"):
        run_many([one, Command("one", one.arguments, tmp_path)], LocalFleet())
    assert run_many([], LocalFleet()) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_generation_killed_on_the_way_is_delivered_by_the_fleet(tmp_path: Path) -> None:
    example = Path(__file__).parents[3] / "examples" / "unit-converter"
    generate = ("-m", "repowright.tui", "generate", str(example / "spec.md"), "--plain", "--sandbox", "bubblewrap")
    whole = (*generate, "--replay", str(example / "recording"), "--out", "out")
    folder = tmp_path / "run"
    folder.mkdir()
    command = Command("converter", whole, folder, ("-m", "repowright.tui", "runs", "resume", "last", "--plain"))
    killer = subprocess.Popen([sys.executable, "-c", KILLER, str(command.log)], env=dict(os.environ))
    (finished,) = run_many([command], LocalFleet())
    assert killer.wait(60) == 0
    assert (finished.exit_code, finished.deaths) == (0, ("SIGKILL",))
    assert (folder / "out" / "pyproject.toml").is_file()


KILLER = """
import os, pathlib, signal, sys, time
log = pathlib.Path(sys.argv[1])
while not log.is_file() or 'interfaces' not in log.read_text():
    time.sleep(0.05)
for entry in pathlib.Path('/proc').iterdir():
    if entry.name.isdecimal() and entry.name != str(os.getpid()):
        try:
            environment = (entry / 'environ').read_bytes()
            line = (entry / 'cmdline').read_bytes()
        except OSError:
            continue
        if f'REPOWRIGHT_HOME={log.parent}/home'.encode() in environment and b'repowright.tui' in line:
            os.kill(int(entry.name), signal.SIGKILL)
            raise SystemExit(0)
raise SystemExit(1)
"""
