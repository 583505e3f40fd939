"""From a C folder to the graph: raw text first, then what the compiler sees of it; nothing is dropped silently."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from repowright.agent.workflows.translate.confirming import Confirmation
from repowright.agent.workflows.translate.edges import NOT_COMPILED
from repowright.agent.workflows.translate.linking import Key, Linked, linked
from repowright.agent.workflows.translate.preprocessing import Compiled, preprocess
from repowright.executors import Sandbox
from repowright.graph.encode.encoded import encode
from repowright.graph.kinds import NodeKind
from repowright.graph.model import RPG
from repowright.repo_tools.c_source.hazards import Hazard
from repowright.repo_tools.c_source.project import CProject, read_project
from repowright.repo_tools.c_source.translation_unit import TranslationUnit
from repowright.repo_tools.c_source.unit_reader import read_translation_unit


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file or function that is not translated, and why.

    Parameters
    ----------
    name
        The function; empty for a whole file.
    line
        0 where no line says it.
    """

    path: str
    name: str
    line: int
    code: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else self.path
        return f"{place}: {self.name + ' ' if self.name else ''}{self.reason}"


@dataclass(frozen=True, slots=True)
class EncodedC:
    """A C project in the graph.

    Parameters
    ----------
    graph
        Every node of a file that was compiled carries one of the tags of `edges`.
    nodes
        Node id of each definition that is compiled.
    refused
        What stays in C.
    notes
        What was read, but not as a full compilation would read it.
    """

    project: CProject
    graph: RPG
    units: tuple[TranslationUnit, ...]
    links: Linked
    nodes: dict[Key, str]
    refused: tuple[Refusal, ...]
    notes: tuple[Refusal, ...]


def encode_c(folder: Path, sandbox: Sandbox, store: Path | None = None) -> EncodedC:
    """Encode a folder of C.

    Parameters
    ----------
    sandbox
        Runs the compiler's preprocessor.
    store
        Where the graph of the raw text is kept; nowhere if it is `None`.

    Raises
    ------
    CSourceError
        If there is no C in the folder.
    NoCompiler, SandboxError
        If the compiler cannot be run.
    """
    project = read_project(folder)
    compiled = preprocess(project, sandbox)
    graph = raw_graph(folder, store)
    return confirmed(project, graph, compiled)


def confirmed(project: CProject, graph: RPG, compiled: Sequence[Compiled]) -> EncodedC:
    """Bring a graph of the raw text into agreement with the compiler; the graph is changed in place."""
    units = tuple(
        read_translation_unit(each.path, each.text, tolerant=bool(each.absent)) for each in compiled if not each.problem
    )
    found = linked(units)
    refused = (*_refused_files(project, compiled, units), *_refused_functions(found))
    functions = [Key(each.path, each.name) for each in refused if each.name]
    confirmation = Confirmation(graph, units, found, functions)
    confirmation.run()
    nodes = {key: node.id for key, node in confirmation.nodes.items()}
    notes = (*_notes(project, compiled, units, found), *_left_out(graph))
    return EncodedC(project, graph, units, found, nodes, refused, notes)


def raw_graph(folder: Path, store: Path | None = None) -> RPG:
    """Encode a folder's C as it is written; nothing is kept without a place to store it."""
    if store is not None:
        return encode(folder, store, ("c",)).graph()
    with tempfile.TemporaryDirectory(prefix="repowright-encode-") as scratch:
        return encode(folder, Path(scratch, "graph.rpg"), ("c",)).graph()


def _refused_files(
    project: CProject, compiled: Sequence[Compiled], units: Sequence[TranslationUnit]
) -> Iterator[Refusal]:
    for path, reason in project.left_out:
        if path.endswith((".c", ".h")):
            yield Refusal(path, "", 0, "unread", f"cannot be read: {reason}")
    for each in compiled:
        if each.problem:
            code = "missing-header" if each.missing else "preprocessing"
            yield Refusal(each.path, "", 0, code, f"cannot be preprocessed: {each.problem}")
    for unit in units:
        if unit.problems and not (unit.functions or unit.variables):
            problem = unit.problems[0]
            yield Refusal(problem.path, "", problem.line, "unparsed", f"is no C that can be read: {problem.message}")


def _refused_functions(found: Linked) -> Iterator[Refusal]:
    for key in sorted(found.functions):
        yield from (_refusal(key, hazard) for hazard in _once(found.functions[key].hazards) if hazard.refuses)


def _left_out(graph: RPG) -> Iterator[Refusal]:
    """Functions of branches that the preprocessor leaves out."""
    for node in graph.nodes(NodeKind.FUNCTION):
        if NOT_COMPILED in node.tags:
            line = node.place.span[0] if node.place and node.place.span else 0
            reason = "is left out by the preprocessor here and is not translated"
            yield Refusal(node.path, node.name, line, "not-compiled", reason)


def _once(hazards: Iterable[Hazard]) -> list[Hazard]:
    """The first hazard of each code."""
    first: dict[str, Hazard] = {}
    for hazard in hazards:
        first.setdefault(hazard.code, hazard)
    return list(first.values())


def _refusal(key: Key, hazard: Hazard) -> Refusal:
    return Refusal(key.path, key.name, hazard.line, hazard.code, hazard.reason)


def _notes(
    project: CProject, compiled: Sequence[Compiled], units: Sequence[TranslationUnit], found: Linked
) -> Iterator[Refusal]:
    for note in project.flags.notes:
        path, _, reason = note.partition(": ")
        yield Refusal(path, "", 0, "build-system", reason or note)
    for each in compiled:
        if each.absent:
            reason = f"is read without {', '.join(each.absent)}, found nowhere; its types are opaque"
            yield Refusal(each.path, "", 0, "missing-header", reason)
        elif each.syntax_problem:
            yield Refusal(each.path, "", 0, "syntax", f"does not compile here: {each.syntax_problem}")
    for unit in units:
        for problem in unit.problems:
            yield Refusal(problem.path, "", problem.line, "unparsed", problem.message)
    read = {path for unit in units for path in unit.files}
    for path in sorted(project.files):
        if path.endswith(".h") and path not in read and not all(each.problem for each in compiled):
            yield Refusal(path, "", 0, "unused", "is included by no file that is compiled")
    for key in sorted(found.functions):
        yield from (_refusal(key, hazard) for hazard in _once(found.functions[key].hazards) if not hazard.refuses)
