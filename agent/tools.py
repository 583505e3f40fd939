"""The tools of an agent that works on one unit: look things up in the graph, edit the unit, run its tests.

The arguments are those of the papers: search, fetch and explore of RPG-Encoder (section 3.3), and the editing
tools of ZeroRepo (section 4).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from pydantic import BaseModel, Field

from repowright.agent.llm import Finished, ToolSpec, tool_spec
from repowright.executors import TestReport
from repowright.graph.errors import GraphError
from repowright.graph.model import RPG
from repowright.graph.records import Node
from repowright.graph.search import explore, fetch, search
from repowright.repo_tools import edit, outline
from repowright.repo_tools.errors import RepoToolsError

A = TypeVar("A", bound=BaseModel)
MOST_HITS = 10


@dataclass(frozen=True)
class GraphTool(Generic[A]):
    """One tool: what the model sees of it, what its arguments are, and what it does."""

    name: str
    description: str
    arguments: type[A]
    act: Callable[[A], Awaitable[str]]

    @property
    def spec(self) -> ToolSpec:
        return tool_spec(self.name, self.description, self.arguments)

    async def call(self, arguments: A) -> str:
        return await self.act(arguments)


class Search(BaseModel):
    query: str = Field(description="words of a name, a feature or a docstring")


class Fetch(BaseModel):
    entity: str = Field(description="a file's path, or path:name of a unit")


class Explore(BaseModel):
    entity: str = Field(description="a file's path, or path:name of a unit")
    direction: Literal["upstream", "downstream", "both"] = Field(
        description="downstream: what it builds on; upstream: what builds on it"
    )
    depth: int = Field(default=2, ge=1, le=5)


class View(BaseModel):
    path: str = Field(description="a file's path")


class EditFunction(BaseModel):
    name: str = Field(description="the function's name, private helpers included")
    code: str = Field(description="the whole function")


class EditMethod(BaseModel):
    class_name: str
    method: str
    code: str = Field(description="the whole method, not indented")


class EditClass(BaseModel):
    name: str
    code: str = Field(description="the whole class")


class EditImports(BaseModel):
    code: str = Field(description="all import statements and private module-level assignments of the unit")


class RunTests(BaseModel):
    pass


def lookup_tools(rpg: RPG, source_of: Callable[[str], str]) -> list[GraphTool[BaseModel]]:
    """Return the tools that read the graph.

    Parameters
    ----------
    source_of
        Source of a unit by node id; empty where there is none.
    """

    async def find(arguments: Search) -> str:
        hits = search(rpg, arguments.query, limit=MOST_HITS)
        return "\n".join(f"- {_line(hit.node)}" for hit in hits) or "nothing found"

    async def read(arguments: Fetch) -> str:
        node = fetch(rpg, arguments.entity).node
        return f"{_line(node)}\n{node.doc}\n\n{source_of(node.id)}".strip()

    async def walk(arguments: Explore) -> str:
        start = fetch(rpg, arguments.entity).node
        edges = explore(rpg, [start.id], arguments.direction, arguments.depth)
        lines = [f"- {rpg.node(edge.src).label} {edge.kind} {rpg.node(edge.dst).label}" for edge in edges]
        return "\n".join(lines) or "nothing is connected"

    async def view(arguments: View) -> str:
        file = fetch(rpg, arguments.path).node
        units = [node for node in rpg.children(file.id) if node.place]
        return "\n".join([f"{file.path}: {file.doc}", *(f"- {node.signature}" for node in units)])

    tools = [
        GraphTool("search", "Find units, files and features of the project.", Search, _safe(find)),
        GraphTool("fetch", "Read one unit or file: specification and source.", Fetch, _safe(read)),
        GraphTool("explore", "Follow the dependencies of a unit or file.", Explore, _safe(walk)),
        GraphTool("view", "List the interface of a file.", View, _safe(view)),
    ]
    return tools  # type: ignore[return-value]


@dataclass
class Desk:
    """The unit under repair: its code, and what its tests said last.

    Parameters
    ----------
    check
        Why the code cannot go into its file; empty if it can.
    run
        Runs what must pass.
    describe
        A report as the model reads it.
    """

    code: str
    check: Callable[[str], list[str]]
    run: Callable[[str], Awaitable[TestReport]]
    describe: Callable[[TestReport], str]
    report: TestReport
    tested: str = ""

    def __post_init__(self) -> None:
        self.tested = self.code

    async def test(self) -> str:
        """Run the tests over the code as it stands; the words go back to the model."""
        problems = self.check(self.code)
        if problems:
            listed = "\n".join(f"- {problem}" for problem in problems)
            return f"not run, the unit is not acceptable:\n{listed}"
        self.report = await self.run(self.code)
        self.tested = self.code
        return self.describe(self.report)

    def put(self, code: str) -> str:
        self.code = code
        problems = self.check(code)
        if problems:
            return "edited, but:\n" + "\n".join(f"- {problem}" for problem in problems)
        return "edited"


def editing_tools(desk: Desk) -> list[GraphTool[BaseModel]]:
    """Return the tools that edit the unit on the desk and run its tests."""

    async def function(arguments: EditFunction) -> str:
        if arguments.name.startswith("_") and not outline.defines(desk.code, arguments.name):
            return desk.put(f"{desk.code.rstrip()}\n\n\n{arguments.code.strip()}\n")
        return desk.put(edit.replace_function(desk.code, arguments.name, arguments.code))

    async def method(arguments: EditMethod) -> str:
        return desk.put(edit.replace_method(desk.code, f"{arguments.class_name}.{arguments.method}", arguments.code))

    async def whole_class(arguments: EditClass) -> str:
        return desk.put(edit.replace_class(desk.code, arguments.name, arguments.code))

    async def imports(arguments: EditImports) -> str:
        return desk.put(edit.replace_imports(desk.code, arguments.code))

    async def run(arguments: RunTests) -> str:
        said = await desk.test()
        if desk.tested == desk.code and desk.report.passed:
            raise Finished("all tests pass")
        return said

    tools = [
        GraphTool(
            "edit_function",
            "Replace a function of the unit, or add a private helper.",
            EditFunction,
            _safe(function),
        ),
        GraphTool(
            "edit_method",
            "Replace one method of the unit's class; to add one, replace the class.",
            EditMethod,
            _safe(method),
        ),
        GraphTool("edit_class", "Replace the unit's class.", EditClass, _safe(whole_class)),
        GraphTool("edit_imports", "Replace the unit's imports and private assignments.", EditImports, _safe(imports)),
        GraphTool("run_tests", "Run the tests over the unit as it stands now.", RunTests, run),
    ]
    return tools  # type: ignore[return-value]


def _safe(act: Callable[[A], Awaitable[str]]) -> Callable[[A], Awaitable[str]]:
    """Turn a typed error into words for the model, who can then do better."""

    async def acted(arguments: A) -> str:
        try:
            return await act(arguments)
        except (GraphError, RepoToolsError) as error:
            return f"error: {error}"

    return acted


def _line(node: Node) -> str:
    said = node.feature or node.doc.partition("\n")[0]
    return f"{node.label} [{node.kind}]: {said}"
