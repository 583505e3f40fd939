"""An issue and a graph in, ranked functions out: survey, judge, settle (RPG-Encoder, section 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from langgraph.graph import END, START, StateGraph

from repowright.agent import prompts
from repowright.agent.graph_tools import graph_tools
from repowright.agent.llm import Gateway, Request, Tool, run_tools
from repowright.agent.workflows.locate.answer import MOST_PICKS, AnswerTool, Settled
from repowright.agent.workflows.locate.names import Names
from repowright.agent.workflows.locate.reading import ReadingTool
from repowright.agent.workflows.locate.shell import OUTPUT, ShellTool
from repowright.agent.workflows.locate.survey import survey
from repowright.graph.model import RPG
from repowright.graph.sources import Sources

TURNS = 7
"""Replies of the model in one localisation over the graph."""

SHELL_TURNS = 15
"""Replies in the control arm, which has nothing but a shell."""

MOST_ISSUE = 16_000
"""Characters of an issue that the model gets."""

_REPLY_TOKENS = 4_000
FROM_MODEL = 5
"""How many of the model's functions come before all others."""


@dataclass(frozen=True)
class Task:
    """What is to be localised, and what retrieval says of it.

    Parameters
    ----------
    files, functions
        The model-free ranking, best first: paths, and ``path:Qualified.name``.
    without
        What the model must do without: ``features``, ``deps``.
    """

    repository: str
    issue: str
    rpg: RPG
    sources: Sources
    files: Sequence[str]
    functions: Sequence[str]
    without: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Judged:
    """What the model made of it.

    Parameters
    ----------
    picks
        Functions it handed in, the likeliest first; empty if it never did.
    files, functions
        Its picks filled up from the model-free ranking.
    turns
        Replies it took.
    ended
        ``finished``, ``no tool call`` or ``turns``.
    """

    picks: tuple[Settled, ...]
    files: tuple[str, ...]
    functions: tuple[str, ...]
    turns: int
    ended: str


class _State(TypedDict, total=False):
    candidates: str
    turns: int
    ended: str


@dataclass
class _Work:
    """One localisation under way; the workflow's state holds short values alone."""

    task: Task
    gateway: Gateway
    tools: dict[str, Tool]
    prompt: str
    most_turns: int
    picks: list[Settled] = field(default_factory=list)

    async def survey(self, state: _State) -> _State:
        task = self.task
        return {"candidates": survey(task.rpg, task.files, task.functions, features="features" not in task.without)}

    async def judge(self, state: _State) -> _State:
        holes = {
            "repository": self.task.repository,
            "issue": shortened(self.task.issue),
            "turns": self.most_turns,
            "output": OUTPUT,
            "candidates": state.get("candidates", ""),
        }
        request = Request(
            task=self.prompt.replace("/", "."),
            prompt_hash=prompts.prompt_hash(self.prompt),
            messages=prompts.render(self.prompt, holes),
            max_tokens=_REPLY_TOKENS,
            subject=self.task.repository,
        )
        done = await run_tools(self.gateway, request, self.tools, self.most_turns)
        self.picks = list(done.result) if isinstance(done.result, list) else []
        return {"turns": done.turns, "ended": done.ended}


async def judge(task: Task, gateway: Gateway) -> Judged:
    """Let a model choose among the candidates, with search, fetch and explore, in at most `TURNS` replies.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    """
    tools: dict[str, Tool] = {tool.spec.name: tool for tool in graph_tools(task.rpg, task.sources)}
    if "deps" in task.without:
        tools.pop("explore")
    reading = ReadingTool(tools["fetch"], task.rpg)
    tools["fetch"] = reading
    answer = AnswerTool(Names(task.rpg).resolve, reading.has_read)
    return await _run(_Work(task, gateway, tools, "locate/agent", TURNS), answer, with_survey=True)


async def judge_with_shell(task: Task, gateway: Gateway, shell: ShellTool) -> Judged:
    """The control: the same model with a shell in a copy of the repository, and nothing of the graph.

    Raises
    ------
    AgentError
        As `judge`.
    """
    work = _Work(task, gateway, {shell.name: shell}, "locate/shell", SHELL_TURNS)
    return await _run(work, AnswerTool(Names(task.rpg).resolve), with_survey=False)


async def _run(work: _Work, answer: AnswerTool, *, with_survey: bool) -> Judged:
    work.tools[answer.name] = answer
    graph: StateGraph[Any] = StateGraph(_State)
    graph.add_node("judge", work.judge)
    graph.add_edge("judge", END)
    if with_survey:
        graph.add_node("survey", work.survey)
        graph.add_edge(START, "survey")
        graph.add_edge("survey", "judge")
    else:
        graph.add_edge(START, "judge")
    state = await graph.compile().ainvoke({})
    picks = tuple(work.picks)
    filled = work.task if with_survey else None
    functions = merged([pick.entity for pick in picks], filled.functions if filled else ())
    files = unique(
        [*(entity.partition(":")[0] for entity in functions[:FROM_MODEL]), *(filled.files if filled else ())]
    )
    files = unique([*files, *(entity.partition(":")[0] for entity in functions)])
    return Judged(picks, tuple(files), tuple(functions), state["turns"], state["ended"])


def merged(picks: Sequence[str], ranking: Sequence[str]) -> list[str]:
    """Return the model's first five picks, then the ranking, its five best not later than tenth, then other picks.

    Of ten places the model commands five; what retrieval ranks among its five best stays among the ten.

    Examples
    --------
    >>> merged(["a", "b"], ["c", "a", "d"])
    ['a', 'b', 'c', 'd']
    """
    best = ranking[: MOST_PICKS - FROM_MODEL]
    return unique([*picks[:FROM_MODEL], *best, *picks[FROM_MODEL:], *ranking])


def unique(items: Sequence[str]) -> list[str]:
    """Return the items without repetition, each where it stands first."""
    return list(dict.fromkeys(items))


def shortened(issue: str) -> str:
    """Return an issue's text, the middle left out if it is too long for a prompt."""
    if len(issue) <= MOST_ISSUE:
        return issue.strip()
    head, tail = MOST_ISSUE * 3 // 4, MOST_ISSUE // 4
    return f"{issue[:head].strip()}\n[... {len(issue) - MOST_ISSUE} characters left out ...]\n{issue[-tail:].strip()}"
