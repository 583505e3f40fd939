import asyncio
from pathlib import Path

import pytest

from repowright.agent import events as e
from repowright.agent.errors import RunDamaged
from repowright.tui.app.feed import EventFile, followed
from repowright.tui.app.player import LONGEST_PAUSE, Player


def line(event: e.Event) -> bytes:
    return event.model_dump_json().encode() + b"\n"


def a_warning(number: int, ts: float = 1.0) -> e.Warning:
    return e.Warning(message=str(number), ts=ts)


def test_a_line_still_being_written_waits_for_the_next_look(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    file = EventFile(log)
    assert file.read() == []
    whole = line(a_warning(2))
    log.write_bytes(line(a_warning(1)) + whole[:10])
    assert file.read() == [a_warning(1)]
    with log.open("ab") as handle:
        handle.write(whole[10:])
    assert file.read() == [a_warning(2)]
    assert file.read() == []


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    log.write_bytes(line(a_warning(1)) + b"{}\n")
    with pytest.raises(RunDamaged, match="line 2"):
        EventFile(log).read()


async def test_following_ends_when_nobody_works_and_all_is_read(tmp_path: Path) -> None:
    log = tmp_path / "events.jsonl"
    working = [True, True, False, False]

    async def write_more(_: float) -> None:
        if len(working) == 3:
            with log.open("ab") as handle:
                handle.write(line(a_warning(1)))

    seen = [event async for events in followed(log, lambda: working.pop(0), sleep=write_more) for event in events]
    assert seen == [a_warning(1)]


async def test_a_replay_keeps_order_and_shortens_long_pauses() -> None:
    times = [1.0, 1.0, 2.0, 500.0]
    events = [a_warning(number, ts) for number, ts in enumerate(times)]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    groups = [group async for group in Player(events, speed=2.0).play(sleep)]
    assert [len(group) for group in groups] == [2, 1, 1]
    assert [event for group in groups for event in group] == events
    assert slept == [0.5, LONGEST_PAUSE / 2]


async def test_a_paused_replay_waits() -> None:
    player = Player([a_warning(1)])
    player.toggle()
    playing = asyncio.ensure_future(anext(player.play()))
    await asyncio.sleep(0)
    assert player.paused and not playing.done()
    player.toggle()
    assert await playing == [a_warning(1)]
