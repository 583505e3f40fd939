"""Processes that work begins while the app has the terminal."""

from __future__ import annotations

import contextlib
import sys


def let_processes_begin() -> None:
    """Start the tracker of ``multiprocessing``, which every pool of workers needs, with the real standard error.

    Textual puts something without a file descriptor in its place, which the tracker would be handed: no worker could
    start then, and no graph be encoded.
    """
    from multiprocessing import resource_tracker

    with contextlib.redirect_stderr(sys.__stderr__):
        resource_tracker.ensure_running()
