"""Sizes of an engine, and what it has done so far."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class EngineSettings:
    """How much an engine does at a time.

    Parameters
    ----------
    pages
        Pages of the cache; 64 tokens each.
    running
        Sequences that run at a time.
    pinned
        Finished turns that can be kept for their programs, beside those that run.
    waiting
        Requests that may wait; one more is refused.
    chunk
        Tokens of a prompt taken in between two decode steps.
    drafts
        Tokens guessed by prompt look-up and verified in one step; 0 for none.
    """

    pages: int = 512
    running: int = 8
    pinned: int = 8
    waiting: int = 256
    chunk: int = 512
    drafts: int = 0

    def __post_init__(self) -> None:
        if min(self.pages, self.running, self.waiting, self.chunk) < 1 or min(self.pinned, self.drafts) < 0:
            raise ValueError("pages, running, waiting and chunk are at least 1; pinned and drafts are not negative")
        if self.drafts > 31:
            raise ValueError("more than 31 drafts do not pay, and would crowd the window")


@dataclass(frozen=True)
class EngineStats:
    """Where an engine stands, and what it has done since it was made.

    Parameters
    ----------
    prefilled
        Tokens taken in in chunks, those of preempted sequences again.
    cached
        Tokens of prompts that were found in the cache.
    """

    running: int = 0
    waiting: int = 0
    pinned: int = 0
    pages_held: int = 0
    pages_cached: int = 0
    pages_free: int = 0
    finished: int = 0
    cancelled: int = 0
    failed: int = 0
    preempted: int = 0
    prefilled: int = 0
    cached: int = 0
    generated: int = 0
    drafted: int = 0
    accepted: int = 0
