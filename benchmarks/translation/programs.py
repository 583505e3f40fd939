"""Do the programs of a crate print and return what the C programs do?"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from repowright.agent.workflows.translate.checks import Bench, CProgram
from repowright.agent.workflows.translate.checks.bench import Command
from repowright.agent.workflows.translate.checks.c_build import PRINTED_BLOCKS, programs, runs, script
from repowright.executors import SandboxError, SandboxUnavailable

C, AGAIN, RUST = "plain", "again", "rust"
NO_PROGRAM = "the crate has no program to run"
RUN_S = 20
_NAME = re.compile(r"^[\w-]+$")


@dataclass(frozen=True)
class ProgramRuns:
    """The crate's programs by name, as ``program::NAME``: those that do as they must, and those that do not."""

    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    """How the others differ, in words."""


def binaries(files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Names of the programs that cargo builds of a crate."""
    try:
        manifest = tomllib.loads(files.get("Cargo.toml", b"").decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return ()
    named = {each.get("path", ""): str(each.get("name", "")) for each in manifest.get("bin", [])}
    found = {name for name in named.values() if name}
    for path in files:
        inner = PurePosixPath(path)
        if path in named:
            continue
        if path == "src/main.rs":
            found.add(str(manifest.get("package", {}).get("name", "")))
        elif inner.parts[:2] == ("src", "bin") and inner.suffix == ".rs":
            found.add(inner.parts[2].removesuffix(".rs"))
    return tuple(sorted(name for name in found if _NAME.match(name)))


async def run_programs(bench: Bench, program: CProgram, files: Mapping[str, bytes]) -> ProgramRuns:
    """Build and run the programs of both sides, C's twice: what it prints differently each time is not compared.

    A program of the crate is held against the C file of its name, or the only one; without one it must return 0.

    Raises
    ------
    SandboxUnavailable
        If no box can be had.
    """
    names = binaries(files)
    if not names:
        return ProgramRuns(problems=(NO_PROGRAM,))
    # The C side keeps to a folder of its own, since both may have files of the same name.
    lines = ["cd c", *programs(program, C), *runs(program, C, RUN_S), f"mkdir -p {AGAIN}"]
    lines += [f"cp {C}/{number} {AGAIN}/{number} 2>/dev/null" for number in range(len(program.mains))]
    lines += [*runs(program, AGAIN, RUN_S), "cd ..", f"mkdir -p {RUST}", *_rust_lines(names)]
    numbers = range(len(program.mains))
    keep = [f"c/{folder}/{number}.{kind}" for folder in (C, AGAIN) for number in numbers for kind in ("out", "code")]
    keep += [f"{RUST}/{name}.{kind}" for name in names for kind in ("out", "code")]
    c_files = {f"c/{path}": data for path, data in program.files.items()}
    everything = {**files, **c_files, "run.sh": script(lines, strict=False)}
    try:
        run = await bench.run(everything, [Command(("sh", "run.sh"))], keep)
    except SandboxUnavailable:
        raise
    except SandboxError as err:
        return ProgramRuns(problems=(f"the programs came to no end in their box: {err.message}",))
    told = {name: _problem(name, _partner(name, names, program), run.files) for name in names}
    return ProgramRuns(
        tuple(f"program::{name}" for name in names if not told[name]),
        tuple(f"program::{name}" for name in names if told[name]),
        tuple(f"program {name}: {told[name]}" for name in names if told[name]),
    )


def _rust_lines(names: Sequence[str]) -> list[str]:
    lines = ["cargo build --offline --quiet --bins 2> rust/build"]
    for name in names:
        command = f"timeout -k 1 {RUN_S} ./target/debug/{name} < /dev/null > rust/{name}.out 2> rust/{name}.err"
        lines.append(
            f"if [ -x target/debug/{name} ]; then "
            f"(ulimit -f {PRINTED_BLOCKS}; {command}); echo $? > rust/{name}.code; fi"
        )
    return lines


def _partner(name: str, names: Sequence[str], program: CProgram) -> int | None:
    """The number of the C program that a program of the crate stands for."""
    stems = [PurePosixPath(path).stem.replace("-", "_") for path in program.mains]
    if name.replace("-", "_") in stems:
        return stems.index(name.replace("-", "_"))
    return 0 if len(names) == len(stems) == 1 else None


def _problem(name: str, partner: int | None, files: Mapping[str, bytes]) -> str:
    """How a program goes wrong; empty where it does not."""
    code = files.get(f"{RUST}/{name}.code", b"").strip()
    if not code:
        return "it does not build"
    expected = files.get(f"c/{C}/{partner}.code", b"0").strip() if partner is not None else b"0"
    if code != expected:
        return f"it returns {code.decode()} instead of {expected.decode()}"
    first, again = (files.get(f"c/{folder}/{partner}.out") for folder in (C, AGAIN))
    if first is not None and first == again and files.get(f"{RUST}/{name}.out") != first:
        return "it prints something else than C"
    return ""
