"""What a session keeps beside the conversation: the mode, what waits, and the numbers given so far."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.approvals.rules import Rule
from repowright.agent.atomic import write_atomically
from repowright.agent.chat.events import Mode, Waiting
from repowright.agent.errors import RunDamaged

FILE = "chat.json"


class Kept(BaseModel):
    """The content of the file; a version that is not known is refused rather than misread."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    mode: Mode = "ask"
    waiting: tuple[Waiting, ...] = ()
    messages: int = 0
    calls: int = 0
    approvals: int = 0
    allowed: tuple[Rule, ...] = ()
    """Rules that hold for this session alone."""


class LedgerFile:
    """Reads the file once and writes it, whole or not at all, with every change."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._kept = self._read()

    @property
    def kept(self) -> Kept:
        """What is kept now."""
        return self._kept

    def update(self, **values: object) -> None:
        """Change some values."""
        self._kept = Kept.model_validate(self._kept.model_dump() | values)
        write_atomically(self._path, self._kept.model_dump_json(indent=1).encode())

    def next_message(self) -> str:
        """Return the id of a new message."""
        self.update(messages=self._kept.messages + 1)
        return f"m{self._kept.messages}"

    def next_calls(self, count: int) -> tuple[str, ...]:
        """Return ids of new calls."""
        first = self._kept.calls + 1
        if count:
            self.update(calls=self._kept.calls + count)
        return tuple(f"c{number}" for number in range(first, first + count))

    def next_approval(self) -> str:
        """Return the id of a new approval."""
        self.update(approvals=self._kept.approvals + 1)
        return f"a{self._kept.approvals}"

    def _read(self) -> Kept:
        try:
            return Kept.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return Kept()
        except (OSError, ValidationError) as err:
            hint = "restore it from a copy, or upgrade repowright if a newer version wrote it"
            raise RunDamaged(f"{self._path} cannot be read", hint) from err
