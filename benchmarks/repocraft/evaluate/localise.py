"""The first step: which units of the repository provide what a task describes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import BaseModel, Field

from repowright.agent.graph_tools import graph_tools
from repowright.agent.llm import Finished, Tool, ToolSpec, run_tools, tool_spec
from repowright.benchmarks.repocraft.evaluate.asking import request
from repowright.benchmarks.repocraft.evaluate.atlas import Atlas
from repowright.benchmarks.repocraft.evaluate.showing import candidate_lines, file_names
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.tasks import Task

TURNS = 5
"""Replies of the model in one round."""
MOST_PICKS = 6
_REPLY_TOKENS = 4_000


class Pick(BaseModel):
    """One unit that a model names."""

    entity: str = Field(description="`path.py:function`, `path.py:Class` or `path.py:Class.method`, as it was shown")
    reason: str = Field(description="what of the capability it provides, in a few words")


class Answer(BaseModel):
    """What a model hands in."""

    units: list[Pick] = Field(description="one to five units, the most important first; empty if there are none")


class AnswerTool:
    """Takes the answer; it goes back once if it names what is not there."""

    name = "answer"
    arguments = Answer

    def __init__(self, resolve: Callable[[str], tuple[str, Sequence[str]]]) -> None:
        self._resolve = resolve
        self._refused = False

    @property
    def spec(self) -> ToolSpec:
        return tool_spec(self.name, "Hand in the units that provide the capability; none if nothing does.", Answer)

    async def call(self, arguments: Answer) -> str:
        """End the work with the labels of the units.

        Raises
        ------
        Finished
            With a list of labels.
        """
        found: dict[str, None] = {}
        unknown: list[str] = []
        for pick in arguments.units[: 2 * MOST_PICKS]:
            label, near = self._resolve(pick.entity)
            if label:
                found[label] = None
            else:
                hint = f"; near it: {', '.join(near)}" if near else ""
                unknown.append(f"- there is no unit {pick.entity!r}{hint}")
        if unknown and not found and not self._refused:
            self._refused = True
            return "not taken; hand in again.\n" + "\n".join(unknown)
        raise Finished(list(found)[:MOST_PICKS])


async def localise(task: Task, studio: Studio, refused: Sequence[str], reasons: Sequence[str]) -> list[str]:
    """Return the labels of the units that a model holds to implement a task; none if it finds nothing.

    Parameters
    ----------
    refused, reasons
        What an earlier round found and the votes did not accept, and why.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    atlas = studio.atlas
    holes = {
        "turns": TURNS,
        "repository": atlas.tree.name,
        "packages": ", ".join(f"`{name}`" for name in atlas.tree.packages),
        "candidates": candidate_lines(atlas.candidates(f"{task.task_query}\n{task.alg_description}")),
        "files": file_names(atlas),
        "refused": ", ".join(f"`{label}`" for label in refused),
        "reasons": "\n".join(f"- {reason}" for reason in reasons),
    }
    tools: dict[str, Tool] = {tool.spec.name: tool for tool in graph_tools(atlas.rpg, atlas.sources, atlas.index)}
    answer = AnswerTool(_resolver(atlas))
    tools[answer.name] = answer
    asked = request("locate", holes, task, _REPLY_TOKENS)
    asked = replace(asked, temperature=studio.settings.temperature)
    done = await run_tools(studio.gateway, asked, tools, TURNS)
    return [str(label) for label in done.result] if isinstance(done.result, list) else []


def _resolver(atlas: Atlas) -> Callable[[str], tuple[str, Sequence[str]]]:
    return lambda written: atlas.resolve(written.strip().strip("`"))
