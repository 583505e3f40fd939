"""A process that holds a conversation until all is said; a test kills it as often as it likes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from talks import Room

MESSAGES = ("fix the price", "write the tax", "write the toll")


async def talk(folder: Path, url: str) -> None:
    """Begin the session, or go on with it, and say what was not said yet."""
    room = Room(folder)
    sessions = sorted(path.name for path in room.runs.iterdir()) if room.runs.is_dir() else []
    engine = await room.open(url, "auto-edit", sessions[0] if sessions else "", attended=False)
    await engine.start()
    try:
        await engine.resume_turn()
        await engine.settled()
        said = {event.text for event in room.events if event.type == "chat.user"}
        waiting = {each.text for event in room.events if event.type == "queue.changed" for each in event.waiting}
        for text in MESSAGES:
            if text not in said | waiting:
                await engine.send(text)
        await engine.settled()
    finally:
        await engine.close()


if __name__ == "__main__":
    asyncio.run(talk(Path(sys.argv[1]), sys.argv[2]))
