"""An interface for a project that has none: safe types and signatures, cluster by cluster, that compile as stubs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from repowright.agent.errors import ModelRefused
from repowright.agent.events import Decision, ReplyRejected
from repowright.agent.llm import Request
from repowright.agent.llm.repair import corrected
from repowright.agent.workflows.translate.answers.blocks import find_blocks
from repowright.agent.workflows.translate.checks import Crate
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.frame import MANIFEST, NEW_MANIFEST, ROOT
from repowright.agent.workflows.translate.idiomatic.clusters import Cluster, clusters_of
from repowright.agent.workflows.translate.idiomatic.joining import joined_module
from repowright.agent.workflows.translate.idiomatic.material import holes
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes
from repowright.agent.workflows.translate.idiomatic.spec import Spec, read_spec
from repowright.agent.workflows.translate.idiomatic.spec_problems import spec_problems
from repowright.agent.workflows.translate.judging import Judge
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import CNames, match
from repowright.agent.workflows.translate.skeleton.generate import crate_name
from repowright.agent.workflows.translate.skeleton.names import module_names
from repowright.agent.workflows.translate.studio import Files, Studio
from repowright.agent.workflows.translate.wanted import Wanted
from repowright.repo_tools.c_source.project import is_test_path
from repowright.repo_tools.rust_source import (
    count_unsafe,
    find_forbidden,
    find_stubs,
    find_tests,
    read_items,
    rust_types,
    stub_out,
)


class DesignedCluster(BaseModel):
    """What the design of a cluster came to, beside its Rust.

    Parameters
    ----------
    target
        File of the crate.
    why_none
        Why there is no SPEC; empty where there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    target: str
    spec: Spec | None = None
    why_none: str = ""


class Design(BaseModel):
    """The clusters of a designed interface, in the order they were designed in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clusters: tuple[DesignedCluster, ...] = ()


@dataclass(frozen=True)
class _Part:
    """The design of one cluster as far as an answer has it; ``spec_told`` is what is wrong with the SPEC alone."""

    files: Files
    cluster: DesignedCluster
    problems: tuple[str, ...]
    spec_told: tuple[str, ...]


async def design(studio: Studio, encoded: EncodedC) -> tuple[Files, Design]:
    """Return a crate of stubs with safe signatures, and what its types hold of C's; nothing where none came of it.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    SandboxError
        If no box can be had.
    """
    types = ProjectTypes(encoded.units)
    clusters = clusters_of(encoded, types)
    files: Files = {MANIFEST: NEW_MANIFEST.format(name=crate_name(encoded.project.name)).encode()}
    targets = _targets(encoded)
    designed: list[DesignedCluster] = []
    for cluster in clusters:
        target = targets[cluster.home]
        found = await _Designer(studio, encoded, types, cluster, target).design(files)
        if found is None:
            return {}, Design()
        files = found.files
        designed.append(found.cluster)
        told = ", ".join(key.name for key in cluster.asked[:20])
        studio.emit(Decision(stage="design", subject=cluster.name, what=f"is laid out in {target}", why=told))
    return (files, Design(clusters=tuple(designed))) if designed else ({}, Design())


def _targets(encoded: EncodedC) -> dict[str, str]:
    """The file of the crate for each C file that defines functions."""
    own = [key.path for key in encoded.links.functions if not is_test_path(key.path)]
    return {path: f"src/{name}.rs" for path, name in module_names(own).items()}


class _Designer:
    def __init__(self, studio: Studio, encoded: EncodedC, types: ProjectTypes, cluster: Cluster, target: str) -> None:
        self._studio = studio
        self._encoded = encoded
        self._types = types
        self._cluster = cluster
        self._target = target

    async def design(self, files: Files) -> _Part | None:
        """Ask until the Rust and the SPEC are right; a SPEC that stays wrong is left out, Rust that does ends it."""
        request = self._studio.request(
            "design", holes(self._encoded, self._cluster, self._target, files), self._cluster.name
        )
        attempts = self._studio.settings.unit_repairs + 1
        for attempt in range(attempts):
            try:
                reply = await self._studio.gateway.complete(request)
            except ModelRefused as err:
                self._reject(request, [err.message], attempt)
                return None
            found = await self._read(reply.text, files)
            told = (*found.problems, *found.spec_told)
            if told:
                self._reject(request, told, attempt)
            if not told or (attempt == attempts - 1 and not found.problems):
                return found
            request = corrected(request, reply, told)
        return None

    async def _read(self, answer: str, files: Files) -> _Part:
        text = max((each.text for each in find_blocks(answer).blocks if not _is_json(each.text)), key=len, default="")
        stubs = stub_out(text.encode())
        module = joined_module(files.get(self._target, b""), stubs)
        candidate = {**files, self._target: module}
        candidate[ROOT] = _root(candidate)
        problems = problems_of(stubs, self._target, self._cluster.asked)
        spec, told = self._spec(answer, candidate)
        if not problems:
            judged = await _judge(self._studio).judge(
                Crate(candidate), Wanted(subject=f"the interface of {self._cluster.name}")
            )
            problems = list(judged.errors)
        why = "" if spec is not None else told[0] if told else "the answer held no SPEC"
        cluster = DesignedCluster(name=self._cluster.name, target=self._target, spec=spec, why_none=why)
        return _Part(candidate, cluster, tuple(problems), tuple(told))

    def _spec(self, answer: str, candidate: Files) -> tuple[Spec | None, list[str]]:
        """The SPEC, and what is wrong with it; nothing is where none is given."""
        if not self._cluster.named_types:
            return Spec(types=()), []
        found = read_spec(answer)
        if found is None or isinstance(found, list):
            return None, found or []
        own = set(self._cluster.types)
        others = {each.c for each in found.types if own.isdisjoint(self._types.named(each.c))}
        # What it repeats of an earlier cluster is known; what nothing in C is called is told.
        known = {name for name in others if self._types.named(name)}
        found = Spec(types=tuple(each for each in found.types if each.c not in known))
        told = spec_problems(found, self._cluster.types, self._types, rust_types(candidate))
        return (None, told) if told else (found, [])

    def _reject(self, request: Request, problems: Sequence[str], attempt: int) -> None:
        event = ReplyRejected(task=request.task, subject=request.subject, problems=list(problems), round=attempt + 1)
        self._studio.emit(event)


def _judge(studio: Studio) -> Judge:
    """The studio's judge, which is that of crates wherever an interface of Rust is designed."""
    assert isinstance(studio.judge, Judge)
    return studio.judge


def _root(files: Files) -> bytes:
    modules = sorted(path.removeprefix("src/").removesuffix(".rs") for path in files if path.endswith(".rs"))
    declared = "".join(f"pub mod {each};\n" for each in modules if each != "lib")
    return f"#![forbid(unsafe_code)]\n\n{declared}".encode()


def _is_json(text: str) -> bool:
    return text.lstrip().startswith(("{", "["))


def problems_of(stubs: bytes, target: str, asked: Sequence[Key]) -> list[str]:
    """What is wrong with an interface, as far as text shows it.

    Parameters
    ----------
    target
        File that it goes to.
    asked
        C functions that it must have items for.
    """
    source = read_items(stubs)
    if not source.functions():
        return ["it holds no function"] if asked else []
    problems = [f"this is no Rust, {problem}" for problem in source.problems[:3]]
    count = count_unsafe(stubs)
    if count.total or count.raw_pointer_types:
        problems.append("it holds unsafe code or raw pointers; write safe types and signatures")
    problems += [f"line {each.line} must not be there: `{each.text}`" for each in find_forbidden(stubs)]
    problems += [f"it holds the test {test.path}" for test in find_tests(stubs)]
    waiting = [(target, stub.path) for stub in find_stubs(stubs)]
    found = set(match(waiting, CNames(tuple(asked))).values())
    missing = [key.name for key in asked if key not in found and not _is_dropped(key.name)]
    problems += [f"nothing stands for the C function {name}; name it so" for name in missing]
    return problems


def _is_dropped(name: str) -> bool:
    """Whether Rust does by itself what a C function of this name does."""
    return any(word in name.lower() for word in ("free", "destroy", "delete", "release", "dealloc"))
