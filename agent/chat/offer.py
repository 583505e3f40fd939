"""What a session offers only where it is of use: settled when it begins, so that its requests stay the same."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from repowright.agent.llm import Record, Replay
from repowright.repo_tools.folder_walk import walk

OFFER = "chat-offer"
"""Kind of the record's evidence on what a session offers."""
_TRANSLATE = "translate"
_MOST_LOOKED_AT = 20_000


def offers_translation(root: Path, record: Record, replay: Replay | None) -> bool:
    """Return whether the session has the tool ``translate``: where the folder held C when the session began.

    A replay offers what its recording did, since the list of tools is a part of every request.

    Raises
    ------
    RunDamaged
        If the record cannot be read or written.
    """
    kept = record.get_text(OFFER, _TRANSLATE)
    if kept is None:
        recorded = replay.get_text(OFFER, _TRANSLATE) if replay is not None else None
        kept = recorded or ("no" if replay is not None else _found(root))
        record.put_text(OFFER, _TRANSLATE, kept)
    return kept == "yes"


def _found(root: Path) -> str:
    return "yes" if any(path.endswith(".c") for path in islice(walk(str(root)), _MOST_LOOKED_AT)) else "no"
