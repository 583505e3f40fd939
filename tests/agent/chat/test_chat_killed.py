from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import killed_talk
import pytest
from scripted_judge import served
from talks import EDIT, Room, Said, Talk, call

from repowright.agent.chat.events import ChatReply, ChatUser, TurnEnd
from repowright.agent.run import Run

SUPPORT = Path(killed_talk.__file__)
KILLS = 5
PLAN = call("plan", plan="- [ ] taxes")
SAYS: list[Said] = [
    [EDIT, PLAN],
    [call("read", path="shop/price.py")],
    "the price is fixed",
    [call("write", path="shop/tax.py", content="VAT = 0.2\n")],
    [call("edit", path="shop/tax.py", old="0.2", new="0.19")],
    "the tax is there",
    [call("write", path="shop/toll.py", content="TOLL = 1\n"), call("grep", pattern="TOLL")],
    "the toll is there",
]
FINAL = {
    "shop/price.py": "def total(prices):\n    return sum(prices)\n",
    "shop/tax.py": "VAT = 0.19\n",
    "shop/toll.py": "TOLL = 1\n",
}


def lines_told(room: Room) -> int:
    """Return how many events all sittings stored so far."""
    return sum(path.read_bytes().count(b"\n") for path in room.runs.glob("*/events.jsonl"))


def run_until(room: Room, url: str, more: int | None) -> int | None:
    """Hold the conversation until so many more events were stored, then kill it; ``None`` if it was killed."""
    path = os.pathsep.join([str(SUPPORT.parent), *sys.path])
    environ = {**os.environ, "PYTHONPATH": path, "REPOWRIGHT_ALLOW_MODEL_REQUESTS": "loopback"}
    limit = None if more is None else lines_told(room) + more
    work = subprocess.Popen([sys.executable, str(SUPPORT), str(room.folder), url], env=environ, cwd=room.folder)
    while work.poll() is None:
        if limit is not None and lines_told(room) >= limit:
            work.kill()
            work.wait(30)
            return None
        time.sleep(0.002)
    return work.returncode


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.timeout(600)
def test_conversation_killed_at_random_moments_ends_as_if_it_never_was(room: Room, seed: int) -> None:
    moments = random.Random(seed)
    talk = Talk(says=list(SAYS), by_place=True)
    kills = 0
    with served(talk) as url:
        while (code := run_until(room, url, moments.randint(4, 24) if kills < KILLS else None)) is None:
            kills += 1
    assert code == 0
    assert {path: room.read(path) for path in FINAL} == FINAL
    events = Run.open(next(room.runs.iterdir())).events()
    said = list(dict.fromkeys(event.text for event in events if isinstance(event, ChatUser)))
    assert said == list(killed_talk.MESSAGES)
    replies = list(dict.fromkeys(event.text for event in events if isinstance(event, ChatReply) if event.text))
    assert replies == ["the price is fixed", "the tax is there", "the toll is there"]
    assert events[-1].type == "run.end"
    assert next(event for event in reversed(events) if isinstance(event, TurnEnd)).status == "done"
    paid = {str(body["messages"]) for body in talk.requests}
    assert len(talk.requests) - len(paid) <= kills
    assert len(paid) == len(SAYS)
