from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from repowright.agent.event_log import read_events
from repowright.agent.runs import list_runs
from repowright.repo_tools.git import GitRepository

EXAMPLE = Path(__file__).parents[3] / "examples" / "unit-converter"
KILLS = 20
LONGEST_SITTING_S = 6.0


@dataclass
class Victim:
    """A replayed run that is killed while it works, and resumed until it is done."""

    folder: Path
    kills: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.environment = dict(os.environ, REPOWRIGHT_HOME=str(self.folder / "home"), HOME=str(self.folder))

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def runs(self) -> Path:
        return self.folder / "home" / "runs"

    def sit(self, seconds: float | None) -> int | None:
        """Work until done or for so many seconds, then kill the process group; ``None`` if it was killed."""
        process = subprocess.Popen(
            [sys.executable, "-m", "repowright.tui", *self._arguments()],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            self.kills += 1
            return None

    def _arguments(self) -> list[str]:
        if list_runs(self.runs):
            return ["runs", "resume", "last", "--plain"]
        recording = str(EXAMPLE / "recording")
        flags = ["--replay", recording, "--out", str(self.out), "--sandbox", "bubblewrap", "--plain"]
        return ["generate", str(EXAMPLE / "spec.md"), *flags]

    def result(self) -> tuple[str | None, dict[str, bytes]]:
        paths = [path for path in self.out.rglob("*") if path.is_file() and ".git" not in path.parts]
        files = {path.relative_to(self.out).as_posix(): path.read_bytes() for path in paths}
        return GitRepository.open(self.out).head(), files

    def asked(self) -> list[str]:
        """Return the keys of all requests that were put to the recording."""
        (run,) = list_runs(self.runs)
        told = read_events(run.folder / "events.jsonl")
        return [event.key for event in told if event.type == "llm.reply" and event.source == "replay"]


@pytest.mark.slow
@pytest.mark.bubblewrap
@pytest.mark.timeout(1500)
def test_run_killed_at_random_moments_ends_as_if_it_had_never_been(tmp_path: Path) -> None:
    whole = Victim(tmp_path / "whole")
    began = time.monotonic()
    code = whole.sit(None)
    assert code in (0, 1)
    length = time.monotonic() - began

    chance = random.Random(2)
    killed, number = 0, 0
    while killed < KILLS:
        number += 1
        victim = Victim(tmp_path / f"victim-{number}")
        while (ended := victim.sit(chance.uniform(0.2, min(LONGEST_SITTING_S, length)))) is None:
            if killed + victim.kills >= KILLS:
                ended = victim.sit(None)
                break
        assert ended == code
        assert victim.result() == whole.result()
        asked = victim.asked()
        assert len(asked) == len(set(asked)), "a request was put to the recording twice"
        assert set(asked) == set(whole.asked()), "an answer was lost"
        killed += victim.kills
    assert killed >= KILLS
