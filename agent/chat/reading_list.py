"""What the model reads: the rules, the project, and the conversation since its last summary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent import prompts
from repowright.agent.chat.entries import Entry
from repowright.agent.llm import Message, Request, ToolSpec
from repowright.agent.llm.tokens import DENSE_BYTES, estimate_prompt

PROMPT = "chat/turn"
REPLY_TOKENS = 8_192


@dataclass(frozen=True)
class Setting:
    """What stays the same in all requests of a session, so that an endpoint's cache can hold it.

    Parameters
    ----------
    rules
        The project's own rules, from its AGENTS.md.
    """

    project: str
    rules: str
    tools: tuple[ToolSpec, ...]
    temperature: float = 0.0


def request(setting: Setting, entries: Sequence[Entry], sample: int, subject: str) -> Request:
    """Return the next request of a conversation.

    Parameters
    ----------
    sample
        Tells apart requests in the same words, before and after the conversation was set back or summarised.
    """
    system, project = prompts.render(PROMPT, {"project": setting.project, "rules": setting.rules or "(none)"})
    return Request(
        task="chat.turn",
        prompt_hash=prompts.prompt_hash(PROMPT),
        messages=(system, *_joined([project, *(entry.message for entry in entries)])),
        tools=setting.tools,
        max_tokens=REPLY_TOKENS,
        temperature=setting.temperature,
        sample=sample,
        subject=subject,
    )


def size(asked: Request) -> int:
    """Return about how many tokens a request takes."""
    return estimate_prompt(asked, DENSE_BYTES)


def _joined(messages: Sequence[Message]) -> list[Message]:
    """Return the messages, those of the user that follow each other as one: not every model takes two in a row."""
    found: list[Message] = []
    for message in messages:
        if found and message.role == found[-1].role == "user":
            found[-1] = Message(role="user", content=f"{found[-1].content}\n\n{message.content}")
        else:
            found.append(message)
    return found
