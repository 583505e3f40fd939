"""A conversation that is killed again and again: what is said, what must have survived, and what was paid for."""

from __future__ import annotations

import random
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from langgraph.checkpoint.sqlite import SqliteSaver
from talks import EDIT, FILES, Room, Said, Talk, call

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.chat.entries import Entry, Thread
from repowright.agent.chat.ledger_file import LedgerFile
from repowright.agent.chat.pruning import THREAD
from repowright.agent.chat.session import sessions_of
from repowright.agent.llm import Record

MESSAGES = ("fix the price", "write the tax", "write the toll", "say it all")
SAYS: list[Said] = [
    [EDIT, call("plan", plan="- [x] price\n- [ ] taxes")],
    [call("read", path="shop/price.py")],
    "the price is fixed",
    [call("write", path="shop/tax.py", content="VAT = 0.2\n")],
    [call("edit", path="shop/tax.py", old="0.2", new="0.19"), call("read", path="shop/tax.py")],
    "the tax is there",
    [call("write", path="shop/toll.py", content="TOLL = 1\n"), call("grep", pattern="TOLL")],
    [call("edit", path="shop/toll.py", old="1", new="2")],
    [call("plan", plan="- [x] price\n- [x] taxes")],
    "the toll is there",
    [call("list"), call("read", path="shop/toll.py")],
    "all is said",
]
PLAN = "- [x] price\n- [x] taxes"
VERSIONS = {
    "shop/price.py": (
        FILES["shop/price.py"],
        "def total(prices):\n    return sum(prices)\n",
    ),
    "shop/tax.py": (None, "VAT = 0.2\n", "VAT = 0.19\n"),
    "shop/toll.py": (None, "TOLL = 1\n", "TOLL = 2\n"),
}
"""What each file holds, one edit after the other."""


@dataclass(frozen=True)
class Kept:
    """What a session holds on disk.

    Parameters
    ----------
    turn
        The message whose turn is under way or was cut off.
    waiting
        Messages that wait, but for those that the conversation holds.
    replies
        Replies of the model that are stored.
    """

    entries: tuple[Entry, ...] = ()
    turn: str = ""
    waiting: tuple[str, ...] = ()
    replies: int = 0
    plan: str = ""

    @property
    def said(self) -> tuple[str, ...]:
        """What the user said and the session took in, in order."""
        return (*(each.message.content for each in self.entries if each.kind == "user"), *self.waiting)

    @property
    def left(self) -> bool:
        """Whether there is anything to go on with."""
        return bool(self.turn or self.waiting)

    def version(self, path: str) -> int:
        """Return how many edits of a file the conversation holds."""
        return sum(change.path == path for each in self.entries for change in each.changes)


@dataclass
class Survivor:
    """One room whose conversation is killed, and the endpoint it talks to."""

    room: Room
    seed: int
    kept: Kept = field(default_factory=Kept)
    kills: int = 0
    put: int = 0
    asked: int = 0
    in_flight: bool = False

    def __post_init__(self) -> None:
        self.moments = random.Random(self.seed)
        pauses = random.Random(self.seed + 1)
        self.talk = Talk(says=list(SAYS), by_place=True, wait=lambda count: time.sleep(pauses.uniform(0, 0.03)))

    @property
    def told(self) -> int:
        """Events that all sittings stored so far."""
        return sum(path.read_bytes().count(b"\n") for path in self.room.runs.glob("*/events.jsonl"))

    def look(self) -> Kept:
        """Read what is on disk, after a kill, and check that nothing was lost and nothing paid for twice."""
        # The endpoint may have a request on its desk that came just before the kill.
        time.sleep(0.05)
        kept = kept_of(self.room)
        before = self.kept
        assert kept.entries[: len(before.entries)] == before.entries, "the conversation lost what it held"
        assert kept.said[: len(before.said)] == before.said, "what the user said was lost"
        assert kept.said == MESSAGES[: len(kept.said)]
        for path, versions in VERSIONS.items():
            target, at_least = self.room.project / path, kept.version(path)
            content = target.read_text() if target.exists() else None
            assert content in versions[at_least : at_least + 2], f"{path} is {content!r} after {at_least} edits"
        self._check_payments(kept)
        self.kept = kept
        return kept

    def _check_payments(self, kept: Kept) -> None:
        asked = len(self.talk.requests)
        put = len({str(body["messages"]) for body in self.talk.requests})
        again = (asked - put) - (self.asked - self.put)
        assert again <= self.in_flight, "a request that was answered and stored was put again"
        assert put - kept.replies in (0, 1), "more than the request in flight was lost"
        self.put, self.asked, self.in_flight = put, asked, put > kept.replies

    def check_end(self) -> None:
        """Check that all is as if nobody had ever been killed."""
        kept = self.look()
        assert kept.said == MESSAGES
        assert not kept.left
        assert kept.plan == PLAN
        replies = [each.message.content for each in kept.entries if each.kind == "reply" and not each.calls]
        assert replies == [said for said in SAYS if isinstance(said, str)]
        results = [each.id for each in kept.entries if each.kind == "result"]
        assert len(results) == len(set(results)) == sum(len(said) for said in SAYS if not isinstance(said, str))
        for path, versions in VERSIONS.items():
            assert self.room.read(path) == versions[-1]
        assert self.put == len(SAYS) == kept.replies
        assert self.asked - self.put <= self.kills


def kept_of(room: Room) -> Kept:
    """Read a session as it lies on disk."""
    found = sessions_of(room.project, room.runs)
    if not found:
        return Kept()
    folder = found[0].folder
    values = _state(folder)
    thread = Thread(ArtifactStore(folder / "artifacts"))
    tip = values.get("tip", "")
    entries = tuple(entry for _, entry in thread.back(tip))[::-1]
    held = {entry.id for entry in entries}
    waiting = tuple(each.text for each in LedgerFile(folder).kept.waiting if each.message not in held)
    return Kept(entries, values.get("turn", ""), waiting, len(Record(folder / "record")), thread.plan(tip))


def _state(folder: Path) -> dict[str, str]:
    database = folder / "checkpoints.sqlite"
    if not database.is_file():
        return {}
    with closing(sqlite3.connect(database)) as connection, suppress(sqlite3.OperationalError):
        found = SqliteSaver(connection).get_tuple({"configurable": {"thread_id": THREAD, "checkpoint_ns": ""}})
        if found is not None:
            # What a step wrote before it was killed counts, though no checkpoint holds it yet.
            written = {channel: value for _, channel, value in found.pending_writes or ()}
            return {**found.checkpoint["channel_values"], **written}
    return {}
