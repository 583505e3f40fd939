"""Runs the C compiler over a project in a sandbox: every file preprocessed, and its syntax checked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from repowright.agent.errors import UserError
from repowright.executors import Box, Ended, Limits, Outcome, Sandbox
from repowright.repo_tools.c_source.project import CProject

FOLDER = ".repowright-preprocessed"
BATCH = 24
"""Files a command; what it prints stays small, and one that hangs costs its batch alone."""

FILE_S = 20
"""Seconds the compiler has for one file."""

LIMITS = Limits(wall_s=300, cpu_s=300, memory_mb=2048, pids=256, disk_mb=1024, output_bytes=1_000_000)
ROUNDS = 16
"""Times a file is compiled: each may ask for one more header that is not there."""

LARGEST_TEXT = 256_000_000
_ERROR = re.compile(r"^(?P<place>[^\n:]+:\d+(?::\d+)?: )?(?:fatal )?error: (?P<what>.*)$", re.MULTILINE)
_MISSING = re.compile(
    r"^(?:.*\n)*?(?P<file>[^\n:]+):(?P<line>\d+)(?::\d+)?: fatal error: (?P<name>[^\n:]+): No such file"
)
_ABSENT = re.compile(rf'^# \d+ "(?:\./)?{re.escape(FOLDER)}/absent/([^"\n]+)" 1', re.MULTILINE)


class NoCompiler(UserError):
    """The sandbox has no C compiler."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the compiler said of one file.

    Parameters
    ----------
    text
        Output of ``gcc -E -dD``; empty if the file cannot be preprocessed.
    arguments
        What it was compiled with.
    problem
        Why there is no text, in one line; empty if there is.
    syntax_problem
        The first error of ``gcc -fsyntax-only``; empty if the file compiles.
    missing
        Name of the header for want of which there is no text.
    absent
        Headers that are nowhere and for which empty ones stood in.
    """

    path: str
    text: str
    arguments: tuple[str, ...]
    problem: str = ""
    syntax_problem: str = ""
    missing: str = ""
    absent: tuple[str, ...] = ()


def preprocess(project: CProject, sandbox: Sandbox, paths: Sequence[str] = ()) -> tuple[Compiled, ...]:
    """Preprocess the units of a project, or only some, in the order given.

    A header that is not there is asked for once more under a shorter path of the project's own; where it is nowhere,
    an empty one stands in for it, and the file is told to lack it.

    Raises
    ------
    NoCompiler
        If the sandbox has none.
    SandboxError
        If the sandbox fails.
    """
    wanted = list(paths or project.units)
    with sandbox.open(LIMITS) as box:
        _check_compiler(box, sandbox.name)
        box.put(dict(project.files))
        work = _Work(project, box)
        for start in range(0, len(wanted), BATCH):
            work.compile(wanted[start : start + BATCH])
    late = "the compiler used up the sandbox before it came to this file"
    return tuple(work.found.get(path) or Compiled(path, "", (), late) for path in wanted)


def _check_compiler(box: Box, name: str) -> None:
    outcome = box.run(["sh", "-c", "command -v gcc"], LIMITS)
    if outcome.exit_code:
        raise NoCompiler(
            f"the {name} sandbox has no C compiler", "install gcc, or build an image that has the toolchain c"
        )


def search_arguments(project: CProject, path: str) -> tuple[str, ...]:
    """Arguments that name the folders a file's includes lie in.

    The project's folders come behind the system's for includes in angle brackets, so that a header of its own that
    is called ``string.h`` hides nothing.
    """
    folders = project.include_folders(path)
    quoted = [word for folder in folders for word in ("-iquote", folder)]
    return (*quoted, *(word for folder in folders for word in ("-idirafter", folder)))


class _Work:
    """One box with the project in it, and what the compiler said so far."""

    def __init__(self, project: CProject, box: Box) -> None:
        self._project = project
        self._box = box
        self._bare: set[str] = set()
        self._headers: dict[str, bytes] = {}
        self._sent: frozenset[str] = frozenset()
        self.found: dict[str, Compiled] = {}

    def compile(self, paths: Sequence[str]) -> None:
        """Compile some files, again and again while something helps those that failed."""
        waiting = list(paths)
        for _ in range(ROUNDS):
            if not waiting or self._box.spent:
                return
            self._round(waiting)
            waiting = [path for path in waiting if self._helped(self.found[path])]

    def _round(self, paths: Sequence[str]) -> None:
        arguments = {path: self._arguments(path) for path in paths}
        script = "\n".join(_script(paths, arguments)).encode()
        self._box.put({f"{FOLDER}/run.sh": script, **self._headers})
        self._sent = frozenset(self._headers)
        outcome = self._box.run(["sh", f"{FOLDER}/run.sh"], LIMITS)
        names = [f"{FOLDER}/{number}.{ending}" for number in range(len(paths)) for ending in ("i", "e", "s")]
        files = self._box.get(names, LARGEST_TEXT)
        for number, path in enumerate(paths):
            texts = [files.get(f"{FOLDER}/{number}.{ending}") for ending in ("i", "e", "s")]
            self.found[path] = _compiled(path, arguments[path], texts, outcome)

    def _arguments(self, path: str) -> tuple[str, ...]:
        given = () if path in self._bare else self._project.flags.of(path)
        found = (f"{FOLDER}/forward", f"{FOLDER}/absent")
        return (
            *given,
            *search_arguments(self._project, path),
            *(word for each in found for word in ("-idirafter", each)),
        )

    def _helped(self, compiled: Compiled) -> bool:
        """Do something for a file that failed; tell whether it is worth another try."""
        if not compiled.problem:
            return False
        name = compiled.missing
        if not name:
            again = compiled.path not in self._bare and bool(self._project.flags.of(compiled.path))
            self._bare.add(compiled.path)
            return again
        if name.startswith("/") or ".." in name.split("/"):
            return False
        absent, forward = f"{FOLDER}/absent/{name}", f"{FOLDER}/forward/{name}"
        if absent in self._headers or forward in self._headers:
            return not self._sent & {absent, forward}
        own = self._project.header_named(name, compiled.path)
        if own:
            up = "../" * (forward.count("/"))
            self._headers[forward] = f'#include "{up}{own}"\n'.encode()
        else:
            self._headers[absent] = b"\n"
        return True


def _script(paths: Sequence[str], arguments: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """Shell lines; a file that makes the compiler fail leaves no preprocessed text behind."""
    for number, path in enumerate(paths):
        place = f"{FOLDER}/{number}"
        # A path that begins with a dash would be an option.
        words = shlex.join([*arguments[path], f"./{path}"])
        command = f"timeout {FILE_S} gcc -x c"
        yield f"{command} -E -dD {words} > {place}.p 2> {place}.e && mv {place}.p {place}.i || rm -f {place}.p"
        yield f"{command} -fsyntax-only -w {words} 2> {place}.s"
    yield "exit 0"


def _compiled(path: str, arguments: tuple[str, ...], texts: Sequence[bytes | None], outcome: Outcome) -> Compiled:
    text, errors, syntax = (None if each is None else each.decode("utf-8", "surrogateescape") for each in texts)
    if text is not None:
        absent = tuple(dict.fromkeys(_ABSENT.findall(text)))
        return Compiled(path, text, arguments, syntax_problem=_first_error(syntax or ""), absent=absent)
    if outcome.ended is not Ended.EXITED:
        return Compiled(path, "", arguments, f"the compiler passed a limit of the sandbox: {outcome.ended.value}")
    missing = _MISSING.search(errors or "")
    name = missing["name"].strip() if missing else ""
    return Compiled(path, "", arguments, _reason(errors or "", arguments), missing=name)


def _reason(errors: str, arguments: Sequence[str]) -> str:
    """Why a file cannot be preprocessed: for a missing header where it is asked for, and where it was looked for."""
    missing = _MISSING.search(errors)
    if missing is None:
        return _first_error(errors) or "the compiler gave no text and no reason, or ran out of time"
    quoted = [after for word, after in pairwise(arguments) if word == "-iquote"]
    folders = [*dict.fromkeys(quoted), *(word[2:] for word in arguments if word.startswith("-I"))]
    looked = ", ".join(folders) if folders else "beside the file"
    place = f"{_plain(missing['file'])}:{missing['line']}"
    return f"{place} includes {missing['name']}, which is neither in the project ({looked}) nor on the system"


def _first_error(errors: str) -> str:
    match = _ERROR.search(errors)
    return f"{_plain(match['place'] or '')}{match['what'].strip()}" if match else ""


def _plain(place: str) -> str:
    return place.removeprefix("./")
