"""Lines as they are typed, read without a thread: one that waits for a terminal could not be ended with the program."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from typing import TextIO

_PIECE = 65_536


async def lines_of(stream: TextIO) -> AsyncIterator[str]:
    """Yield the lines of a stream until it ends; a file's, or a text's, are there at once."""
    pieces: asyncio.Queue[bytes] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    try:
        descriptor = stream.fileno()
        loop.add_reader(descriptor, lambda: pieces.put_nowait(_read(descriptor)))
    except (OSError, ValueError):  # no descriptor, or one of a file, which never makes one wait
        for line in stream:
            yield line
        return
    try:
        held = b""
        while piece := await pieces.get():
            *whole, held = (held + piece).split(b"\n")
            for each in whole:
                yield each.decode("utf-8", "replace")
        if held:
            yield held.decode("utf-8", "replace")
    finally:
        loop.remove_reader(descriptor)


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _PIECE)
    except OSError:
        # The terminal is gone, which ends the input.
        return b""
