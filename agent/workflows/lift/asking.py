"""One question of lifting: asked, its faults told once, what is good of both answers kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from pydantic import BaseModel

from repowright.agent import prompts
from repowright.agent.errors import BudgetSpent, ModelRefused, ModelTimeout, ReplyInvalid
from repowright.agent.events import EventBus, ReplyRejected
from repowright.agent.llm import Gateway, Message, Request

MOST_PROBLEMS = 40
_REPAIRS = 1
"""How often the model is told that an answer is not in the form that was asked for."""

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")

_AGAIN = """These points of your answer cannot be used:
{problems}

Answer again in the same form, for {what} alone."""


@dataclass(frozen=True)
class Question(Generic[M]):
    """A prompt, what fills it, and the type of its answer."""

    prompt: str
    answer: type[M]
    holes: Mapping[str, object]
    subject: str
    max_tokens: int
    again: str = "the ids they name"
    """What the second answer is to hold."""


@dataclass
class Outcome(Generic[T]):
    """What came of a question: values, what is wrong with the rest, and why nothing more could be had.

    Parameters
    ----------
    too_much
        Whether the answer was unusable as a whole: a smaller question may do better.
    """

    values: T
    problems: list[str] = field(default_factory=list)
    failure: str = ""
    too_much: bool = False


class Asker:
    """Asks through the one gateway; a question that gets no usable answer ends nothing.

    Errors that no later question would escape (no endpoint, no key, no recording) are raised.
    """

    def __init__(self, gateway: Gateway, events: EventBus, temperature: float) -> None:
        self._gateway, self._events, self._temperature = gateway, events, temperature

    @property
    def model(self) -> str:
        """The model's name."""
        return self._gateway.model

    async def ask(self, question: Question[M], empty: T, take: Callable[[T, M], tuple[T, list[str]]]) -> Outcome[T]:
        """Ask, and once more about what was wrong.

        Parameters
        ----------
        take
            Adds an answer to the values so far and returns them with what is still wrong.
        """
        outcome = Outcome(empty)
        request = self._request(question)
        for number in range(2):
            try:
                answer = await self._gateway.ask_model(request, question.answer, max_repairs=_REPAIRS)
            except (ReplyInvalid, ModelRefused, ModelTimeout, BudgetSpent) as error:
                outcome.failure = error.message
                outcome.too_much = number == 0 and isinstance(error, ReplyInvalid)
                return outcome
            outcome.values, outcome.problems = take(outcome.values, answer)
            if not outcome.problems:
                break
            self._reject(question, outcome.problems, number)
            request = _again(request, answer, outcome.problems, question.again)
        return outcome

    def _request(self, question: Question[M]) -> Request:
        return Request(
            task=question.prompt.replace("/", "."),
            prompt_hash=prompts.prompt_hash(question.prompt),
            messages=prompts.render(question.prompt, question.holes),
            max_tokens=question.max_tokens,
            temperature=self._temperature,
            subject=question.subject,
        )

    def _reject(self, question: Question[M], problems: list[str], number: int) -> None:
        task = question.prompt.replace("/", ".")
        self._events.emit(
            ReplyRejected(task=task, subject=question.subject, problems=problems[:MOST_PROBLEMS], round=number + 1)
        )


def _again(request: Request, answer: BaseModel, problems: list[str], what: str) -> Request:
    listed = "\n".join(f"- {problem}" for problem in problems[:MOST_PROBLEMS])
    said = Message(role="assistant", content=answer.model_dump_json())
    asked = Message(role="user", content=_AGAIN.format(problems=listed, what=what))
    return replace(request, messages=(*request.messages, said, asked))
