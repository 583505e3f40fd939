"""What the model is told when its answer cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from repowright.agent.llm.types import Message, Reply, Request

MOST_PROBLEMS = 20

_CORRECTION = """Your answer cannot be used as it is:
{problems}

Answer again in full, in the form that was asked for, with these problems mended. Answer with that alone."""


class Unusable(Exception):
    """An answer that cannot be used; ``problems`` tell the model what to mend, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)


def correction(problems: Sequence[str]) -> str:
    """The message that asks for a better answer."""
    lines = [f"- {problem}" for problem in problems[:MOST_PROBLEMS]]
    if len(problems) > MOST_PROBLEMS:
        lines.append(f"- and {len(problems) - MOST_PROBLEMS} more of the kind")
    return _CORRECTION.format(problems="\n".join(lines))


def corrected(request: Request, reply: Reply, problems: Sequence[str]) -> Request:
    """The request that follows a rejected answer: the conversation so far, then what is wrong with it."""
    said = Message(role="assistant", content=reply.text or "(no text)")
    asked = Message(role="user", content=correction(problems))
    return replace(request, messages=(*request.messages, said, asked))
