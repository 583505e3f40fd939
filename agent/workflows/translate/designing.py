"""An interface for a project that has none: safe types and signatures, module by module, that compile as stubs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.errors import ModelRefused
from repowright.agent.events import Decision, ReplyRejected
from repowright.agent.llm import Request
from repowright.agent.llm.repair import corrected
from repowright.agent.workflows.translate.answers.blocks import find_blocks
from repowright.agent.workflows.translate.checks import Crate
from repowright.agent.workflows.translate.context import listed
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.frame import MANIFEST, NEW_MANIFEST, ROOT
from repowright.agent.workflows.translate.judging import Wanted
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import CNames, match
from repowright.agent.workflows.translate.skeleton.generate import crate_name
from repowright.agent.workflows.translate.skeleton.names import module_names
from repowright.agent.workflows.translate.studio import Files, Studio
from repowright.repo_tools.c_source.project import includes_of, is_test_path
from repowright.repo_tools.rust_source import (
    count_unsafe,
    find_forbidden,
    find_stubs,
    find_tests,
    read_items,
    stub_out,
)

MOST_C = 60_000
"""Characters of C that one module is designed from."""


@dataclass(frozen=True)
class Module:
    """One C file that becomes a module.

    Parameters
    ----------
    functions
        What others call, and what must have an item.
    """

    path: str
    name: str
    functions: tuple[Key, ...]

    @property
    def target(self) -> str:
        """Its file in the crate."""
        return f"src/{self.name}.rs"


async def design(studio: Studio, encoded: EncodedC) -> Files:
    """Return a crate of stubs with safe signatures; empty where no such crate came of it.

    Raises
    ------
    AgentError
        If the model cannot be used or the budget is spent.
    SandboxError
        If no box can be had.
    """
    name = crate_name(encoded.project.name)
    files: Files = {MANIFEST: NEW_MANIFEST.format(name=name).encode()}
    modules = modules_of(encoded)
    for number, module in enumerate(modules):
        designed = await _module(studio, encoded, module, files, modules[: number + 1])
        if designed is None:
            return {}
        files = designed
        told = ", ".join(key.name for key in module.functions[:20])
        studio.emit(Decision(stage="design", subject=module.path, what=f"{module.target} is laid out", why=told))
    return files


def modules_of(encoded: EncodedC) -> list[Module]:
    """The C files that define functions, those that include fewest of the others' headers first."""
    refused = {(each.path, each.name) for each in encoded.refused}
    own = [key for key in sorted(encoded.links.functions) if not is_test_path(key.path)]
    names = module_names(key.path for key in own)
    found = []
    for path, name in names.items():
        functions = encoded.links.functions
        public = [key for key in own if key.path == path and not functions[key].is_static]
        asked = tuple(key for key in public if key not in refused and key.name != "main")
        found.append(Module(path, name, asked))
    return sorted(found, key=lambda module: (len(_headers(encoded, module.path)), module.path))


async def _module(
    studio: Studio, encoded: EncodedC, module: Module, files: Files, so_far: Sequence[Module]
) -> Files | None:
    request = _request(studio, encoded, module, files)
    root = "#![forbid(unsafe_code)]\n\n" + "".join(f"pub mod {each.name};\n" for each in so_far)
    for attempt in range(studio.settings.unit_repairs + 1):
        try:
            reply = await studio.gateway.complete(request)
        except ModelRefused as err:
            _reject(studio, request, [err.message], attempt)
            return None
        text = max((block.text for block in find_blocks(reply.text).blocks), key=len, default="")
        stubs = stub_out(text.encode())
        problems = problems_of(stubs, module)
        candidate = {**files, ROOT: root.encode(), module.target: stubs}
        if not problems:
            wanted = Wanted(subject=f"the interface of {module.path}")
            judged = await studio.judge.judge(Crate(candidate), wanted)
            problems = list(judged.errors)
        if not problems:
            return candidate
        _reject(studio, request, problems, attempt)
        request = corrected(request, reply, problems)
    return None


def problems_of(stubs: bytes, module: Module) -> list[str]:
    """What is wrong with an interface, as far as text shows it."""
    source = read_items(stubs)
    if not source.functions():
        return ["it holds no function"] if module.functions else []
    problems = [f"this is no Rust, {problem}" for problem in source.problems[:3]]
    count = count_unsafe(stubs)
    if count.total or count.raw_pointer_types:
        problems.append("it holds unsafe code or raw pointers; write safe types and signatures")
    problems += [f"line {each.line} must not be there: `{each.text}`" for each in find_forbidden(stubs)]
    problems += [f"it holds the test {test.path}" for test in find_tests(stubs)]
    waiting = [(module.target, stub.path) for stub in find_stubs(stubs)]
    found = set(match(waiting, CNames(module.functions)).values())
    missing = [key.name for key in module.functions if key not in found and not _is_dropped(key.name)]
    problems += [f"nothing stands for the C function {name}; name it so" for name in missing]
    return problems


def _is_dropped(name: str) -> bool:
    """Whether Rust does by itself what a C function of this name does."""
    return any(word in name.lower() for word in ("free", "destroy", "delete", "release", "dealloc"))


def _request(studio: Studio, encoded: EncodedC, module: Module, files: Mapping[str, bytes]) -> Request:
    project = encoded.project
    headers = [project.files[path].decode("utf-8", "replace") for path in _headers(encoded, module.path)]
    text = project.files[module.path].decode("utf-8", "replace")
    tests = [path for path in sorted(project.tests) if module.name in path] or sorted(project.tests)
    holes: dict[str, object] = {
        "path": module.path,
        "target": module.target,
        "headers": "\n\n".join(headers)[:MOST_C],
        "members": text[:MOST_C],
        "functions": listed(key.name for key in module.functions),
        "others": "\n".join(f"// {path}\n{files[path].decode()}" for path in sorted(files) if path.endswith(".rs")),
        "tests": "\n\n".join(project.files[path].decode("utf-8", "replace") for path in tests[:1])[:8_000],
    }
    return studio.request("design", holes, module.path)


def _headers(encoded: EncodedC, path: str) -> list[str]:
    """Headers of the project that a file includes, and those that these include."""
    project = encoded.project
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        for include in includes_of(project.files[waiting.pop(0)]):
            header = project.header_named(include.name, path)
            if header and header not in found and not header.endswith(".c"):
                found[header] = None
                waiting.append(header)
    return list(found)


def _reject(studio: Studio, request: Request, problems: Sequence[str], attempt: int) -> None:
    event = ReplyRejected(task=request.task, subject=request.subject, problems=list(problems), round=attempt + 1)
    studio.emit(event)
