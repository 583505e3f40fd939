"""Replies as a session keeps them: without the secrets of the environment, whoever brought those up."""

from __future__ import annotations

from pathlib import Path

from repowright.agent.approvals.redaction import Redactor
from repowright.agent.llm import Record, Reply, Request


class CleanRecord(Record):
    """A record whose replies hold no secret; what goes on from it reads the same words as who heard them first."""

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        super().__init__(folder)
        self._redactor = redactor

    def keep(self, request: Request, model: str, reply: Reply) -> None:
        """Store the reply to a request; see ``Record.keep``."""
        super().keep(request, model, without_secrets(reply, self._redactor))


def without_secrets(reply: Reply, redactor: Redactor) -> Reply:
    """Return a reply with every secret replaced, in its text and in the calls it makes."""
    calls = tuple(each.model_copy(update={"arguments": redactor.text(each.arguments)}) for each in reply.tool_calls)
    return reply.model_copy(update={"text": redactor.text(reply.text), "tool_calls": calls})
