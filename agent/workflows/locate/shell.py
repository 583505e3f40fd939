"""A shell in a sandboxed copy of the repository: the control that the graph's tools are measured against."""

from __future__ import annotations

import asyncio
import hashlib

from pydantic import BaseModel, Field

from repowright.agent.llm import Record, Replay, ToolSpec, tool_spec
from repowright.executors import Box, Ended, Limits

OUTPUT = 10_000
"""Characters of one command's output that the model gets."""

KIND = "shell"
LIMITS = Limits(wall_s=60, cpu_s=60, memory_mb=1024, pids=64, disk_mb=512)


class Command(BaseModel):
    """One command line."""

    command: str = Field(description="a bash command line, run in the repository's folder")


class ShellTool:
    """Runs commands in a box; each output is kept as evidence, so that a replay meets the recorded words.

    Parameters
    ----------
    case
        Tells apart the copies of the repository that commands ran in.
    """

    name = "shell"
    arguments = Command

    def __init__(self, box: Box, case: str, record: Record, replay: Replay | None) -> None:
        self._box = box
        self._record = record
        self._replay = replay
        # What a command prints depends on the commands before it, which may have changed the copy.
        self._history = hashlib.sha256(case.encode())

    @property
    def spec(self) -> ToolSpec:
        return tool_spec(self.name, "Run a command and read its output.", Command)

    async def call(self, arguments: Command) -> str:
        """Run a command, or say what it printed when it was recorded."""
        self._history.update(b"\0" + arguments.command.encode())
        key = self._history.hexdigest()[:32]
        told = self._record.get_text(KIND, key)
        if told is None and self._replay is not None:
            told = self._replay.get_text(KIND, key)
        if told is None:
            told = await asyncio.to_thread(self._run, arguments.command)
        self._record.put_text(KIND, key, told)
        return told

    def _run(self, command: str) -> str:
        outcome = self._box.run(["bash", "-c", command], LIMITS)
        said = "\n".join(part for part in (outcome.stdout.rstrip(), outcome.stderr.rstrip()) if part)
        if outcome.ended is not Ended.EXITED:
            return f"{_cut(said)}\n(ended: {outcome.ended})".strip()
        return f"{_cut(said)}\n(exit code {outcome.exit_code})" if outcome.exit_code else _cut(said) or "(no output)"


def _cut(text: str) -> str:
    if len(text) <= OUTPUT:
        return text
    half = OUTPUT // 2
    return f"{text[:half]}\n... {len(text) - OUTPUT} characters left out ...\n{text[-half:]}"
