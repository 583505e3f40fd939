"""Handing in: the functions a model names, checked against what the repository has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pydantic import BaseModel, Field

from repowright.agent.llm import Finished, ToolSpec, tool_spec

MOST_PICKS = 10


class Pick(BaseModel):
    """One function a model names."""

    entity: str = Field(description="`path.py:function` or `path.py:Class.method`, exactly as it was shown")
    reason: str = Field(description="why a fix would edit it, in a few words")


class Answer(BaseModel):
    """What a model hands in."""

    functions: list[Pick] = Field(description="five to ten functions, the likeliest first")


class Settled(NamedTuple):
    """A pick as the repository knows it.

    Parameters
    ----------
    entity
        ``path:Qualified.name`` of an outermost function or a method.
    """

    entity: str
    reason: str


class AnswerTool:
    """Takes the answer; it goes back once if it names what is not there, or begins with what was not read.

    Parameters
    ----------
    resolve
        The exact name that an entity stands for, and, where there is none, names that come near it.
    has_read
        Whether the model has seen the code of an entity.
    """

    name = "answer"
    arguments = Answer

    def __init__(
        self,
        resolve: Callable[[str], tuple[str, Sequence[str]]],
        has_read: Callable[[str], bool] = lambda entity: True,
    ) -> None:
        self._resolve = resolve
        self._has_read = has_read
        self._refused = False

    @property
    def spec(self) -> ToolSpec:
        return tool_spec(self.name, "Hand in the functions a fix would edit, the likeliest first.", Answer)

    async def call(self, arguments: Answer) -> str:
        """End the work with the picks.

        Raises
        ------
        Finished
            With a list of ``Settled``.
        """
        found: dict[str, Settled] = {}
        unknown: list[str] = []
        for pick in arguments.functions[: 2 * MOST_PICKS]:
            entity, near = self._resolve(pick.entity)
            if entity:
                found.setdefault(entity, Settled(entity, pick.reason))
            else:
                unknown.append(_unknown(pick.entity, near))
        problems = unknown + self._problems(list(found))
        if problems and not self._refused:
            self._refused = True
            return "not taken; hand in again.\n" + "\n".join(problems)
        raise Finished(list(found.values())[:MOST_PICKS])

    def _problems(self, entities: Sequence[str]) -> list[str]:
        if not entities:
            return ["- it names no function"]
        if self._has_read(entities[0]):
            return []
        return [f"- you have not read {entities[0]}: fetch what you put first, and judge by its code"]


def _unknown(entity: str, near: Sequence[str]) -> str:
    hint = f"; near it: {', '.join(near)}" if near else ""
    return f"- there is no function {entity!r}{hint}"
