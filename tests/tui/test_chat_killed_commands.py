from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from nursery import Born, Nursery, Terminal, arguments
from scripted_judge import served
from survivors import MESSAGES, Survivor
from talks import Room

from repowright.agent.runs import list_runs

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KILLS = 20
CTRL_Q = b"\x11"
MOST_EVENTS = 12
"""A process is killed before it told so many more events."""

MOST_SECONDS = 3
"""Or after so long, where there is nothing more to tell."""


class Home(Room):
    """A room whose runs are those of the command line."""

    @property
    def runs(self) -> Path:
        return self.folder / "home" / "runs"

    @property
    def environment(self) -> dict[str, str]:
        config = self.folder / "config.toml"
        config.touch()
        home = str(self.folder / "home")
        return {"REPOWRIGHT_HOME": home, "REPOWRIGHT_CONFIG": str(config), "OPENAI_API_KEY": "none"}


@pytest.fixture(scope="module")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    with Nursery(tmp_path_factory.mktemp("nursery")) as nursery:
        yield nursery


def killed(survivor: Survivor, born: Born, more: int | None, meanwhile: Callable[[], None] = lambda: None) -> bool:
    """Wait until so many more events were told and kill; tell whether it was killed before it ended by itself."""
    limit = None if more is None else survivor.told + more
    begun = time.monotonic()
    while born.poll() is None:
        assert time.monotonic() < begun + 60, f"nothing more came: {born.err.read_text()[-2000:]}"
        meanwhile()
        idle = time.monotonic() > begun + MOST_SECONDS
        if limit is not None and (survivor.told >= limit or idle):
            time.sleep(survivor.moments.uniform(0, 0.02))
            born.kill()
            survivor.kills += 1
            return True
        time.sleep(0.003)
    assert born.code == 0, born.err.read_text()[-2000:]
    return False


@pytest.mark.parametrize("seed", [1])
def test_headless_runs_killed_at_random_moments_end_as_if_they_never_were(
    tmp_path: Path, nursery: Nursery, seed: int
) -> None:
    home = Home(tmp_path)
    home.make()
    survivor = Survivor(home, seed)
    with served(survivor.talk) as url:
        kept = survivor.kept
        while kept.said != MESSAGES or kept.left:
            given = _next_command(survivor, url)
            born = nursery.start(*given, environ=home.environment)
            ending = survivor.moments.randrange(1, MOST_EVENTS) if survivor.kills < KILLS else None
            if not killed(survivor, born, ending):
                assert born.lines[-1]["type"] == "run.end"
            kept = survivor.look()
        assert survivor.kills == KILLS
    survivor.check_end()


def _next_command(survivor: Survivor, url: str) -> tuple[str, ...]:
    """Go on where something is left to do, else say what was not said yet."""
    if survivor.kept.left:
        (run,) = list_runs(survivor.room.runs)
        return ("runs", "resume", run.id, "--json", "--base-url", url, "--unsafe-local")
    message = MESSAGES[len(survivor.kept.said)]
    return ("chat", "-c", "-p", message, *arguments(survivor.room.project, url, "auto-edit"), "--json")


class Typist:
    """Types into the app once it listens: what is to be gone on with, and what was not said yet; then leaves."""

    def __init__(self, survivor: Survivor, terminal: Terminal) -> None:
        self._survivor = survivor
        self._terminal = terminal
        self._begun = survivor.told
        self._listens_at = 0.0
        self._typed = False
        self._left_at = 0.0

    def __call__(self) -> None:
        now = time.monotonic()
        if not self._listens_at and self._survivor.told >= self._begun + 2:
            self._listens_at = now + 0.2
        elif self._listens_at and not self._typed and now >= self._listens_at:
            self._typed = True
            kept = self._survivor.kept
            for line in ["/continue"] * kept.left + list(MESSAGES[len(kept.said) :]):
                self._terminal.type(line)
        elif self._typed and now >= self._left_at:
            self._left_at = now + 1
            kept = self._survivor.look()
            if kept.said == MESSAGES and not kept.left and self._survivor.kills == KILLS:
                self._terminal.press(CTRL_Q)


@pytest.mark.parametrize("seed", [2])
def test_app_killed_at_random_moments_ends_as_if_it_never_was(tmp_path: Path, nursery: Nursery, seed: int) -> None:
    home = Home(tmp_path)
    home.make()
    survivor = Survivor(home, seed)
    with served(survivor.talk) as url:
        given = ("chat", "-c", *arguments(home.project, url, "auto-edit"))
        ended = False
        while not ended:
            terminal = Terminal()
            try:
                born = nursery.start(*given, environ=home.environment, terminal=terminal)
                ending = survivor.moments.randrange(1, MOST_EVENTS) if survivor.kills < KILLS else None
                ended = not killed(survivor, born, ending, Typist(survivor, terminal))
            finally:
                terminal.close()
            survivor.look()
        assert survivor.kills == KILLS
    survivor.check_end()
