"""How the stages ask: a prompt by name, an answer of a type, the gateway in between."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel

from repowright.agent import prompts
from repowright.agent.llm import Message, Reply, Request, Unusable, read_code
from repowright.agent.workflows.generate.plan import Plan
from repowright.agent.workflows.generate.studio import Studio
from repowright.graph.errors import GraphError
from repowright.graph.lint import Finding

M = TypeVar("M", bound=BaseModel)
PLAN_TOKENS = 16_000
CODE_TOKENS = 12_000


def request(name: str, holes: Mapping[str, object], *, subject: str, max_tokens: int, sample: int = 0) -> Request:
    """Build the request of one prompt."""
    return Request(
        task=name.replace("/", "."),
        prompt_hash=prompts.prompt_hash(name),
        messages=prompts.render(name, holes),
        max_tokens=max_tokens,
        sample=sample,
        subject=subject,
    )


async def ask_model(
    studio: Studio,
    name: str,
    answer: type[M],
    holes: Mapping[str, object],
    *,
    subject: str,
    sample: int = 0,
    check: Callable[[M], list[str]] | None = None,
    follow_up: Sequence[Message] = (),
) -> M:
    """Ask for structured data and return it once it passes its check."""
    asked = request(name, holes, subject=subject, max_tokens=PLAN_TOKENS, sample=sample)
    asked = _extended(asked, follow_up, studio)
    return await studio.gateway.ask_model(asked, answer, check, max_repairs=studio.settings.reply_repairs)


async def ask_code(
    studio: Studio,
    name: str,
    holes: Mapping[str, object],
    *,
    subject: str,
    check: Callable[[str], list[str]],
    sample: int = 0,
) -> str:
    """Ask for source text and return it once it passes its check."""

    def parse(reply: Reply) -> str:
        code = read_code(reply.text)
        problems = check(code)
        if problems:
            raise Unusable(problems)
        return code

    asked = _extended(request(name, holes, subject=subject, max_tokens=CODE_TOKENS, sample=sample), (), studio)
    return await studio.gateway.ask(asked, parse, max_repairs=studio.settings.reply_repairs)


def _extended(asked: Request, follow_up: Sequence[Message], studio: Studio) -> Request:
    return replace(asked, messages=(*asked.messages, *follow_up), temperature=studio.settings.temperature)


def findings_message(findings: Sequence[str]) -> Message:
    """Return the linter's findings as the next message of the conversation."""
    listed = "\n".join(f"- {finding}" for finding in findings)
    text = f"The plan was checked by a program. These points are wrong:\n{listed}\nAnswer again, whole and mended."
    return Message(role="user", content=text)


def graph_problems(attempt: Callable[[], Plan]) -> list[str]:
    """Return what keeps an answer from entering the plan: the invariant it would break, if any."""
    try:
        attempt()
    except GraphError as error:
        return [str(error)]
    except Unusable as error:
        return list(error.problems)
    return []


def texts(findings: Sequence[Finding], severity: str = "error") -> list[str]:
    return [finding.message for finding in findings if finding.severity == severity]
