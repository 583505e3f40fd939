"""The compilers and runtimes of other languages that a box can be given."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from repowright.executors.sandbox import SandboxUnavailable

TOOLCHAIN_FOLDER = "/opt/toolchain"
"""Where a box has them: ``bin`` is on its PATH."""
PROBE_S = 20.0


@dataclass(frozen=True)
class Toolchain:
    """One language's tools, found on this machine or installed from Debian's packages."""

    name: str
    commands: tuple[str, ...]
    """What a box must be able to call; the first one tells the version."""
    packages: tuple[str, ...]
    """Debian packages that hold them."""
    optional: tuple[str, ...] = ()
    """Commands that come along where this machine has them."""
    version_argument: str = "--version"
    needs: tuple[str, ...] = ()
    etc: tuple[str, ...] = ()
    """Patterns of folders beneath /etc that the tools read."""
    check: tuple[tuple[str, str], ...] = ()
    """Files of a program that must build and run: path and text."""
    check_command: str = ""
    """Shell command that builds and runs it; it must print ``works``."""


C = Toolchain(
    name="c",
    commands=("gcc", "cc", "g++", "c++", "make"),
    packages=("gcc", "g++", "libc6-dev", "make", "cmake"),
    optional=("cmake", "ctest", "gcov", "ar", "ld"),
    check=(("a.c", '#include <stdio.h>\nint main(void) { puts("works"); return 0; }\n'),),
    check_command="cc -o a a.c && ./a",
)
RUST = Toolchain(
    name="rust",
    commands=("cargo", "rustc"),
    packages=("cargo", "rustc"),
    optional=("rustdoc", "rustfmt", "cargo-clippy", "clippy-driver", "cargo-fmt"),
    needs=("c",),
    check=(("a.rs", 'fn main() { println!("works"); }\n'),),
    check_command="cargo --version >/dev/null && rustc a.rs && ./a",
)
NODE = Toolchain(
    name="node",
    commands=("node",),
    packages=("nodejs",),
    optional=("npm", "npx"),
    check=(("a.mjs", 'import "node:fs";\nconsole.log("works");\n'),),
    check_command="node a.mjs",
)
JAVA = Toolchain(
    name="java",
    commands=("javac", "java", "jar"),
    packages=("default-jdk-headless",),
    optional=("mvn",),
    etc=("java*", "maven"),
    check=(("A.java", 'class A { public static void main(String[] a) { System.out.println("works"); } }\n'),),
    check_command="javac A.java && java -cp . A",
)
TOOLCHAINS: Mapping[str, Toolchain] = {each.name: each for each in (C, JAVA, NODE, RUST)}


@dataclass(frozen=True)
class HostToolchain:
    """A toolchain as this machine has it."""

    toolchain: Toolchain
    version: str
    commands: Mapping[str, Path]
    """Real path of each command that is there."""
    folder: Path | None = None
    """The folder that holds all of it, where it is not part of the system: rustup's."""


def in_order(names: Iterable[str]) -> tuple[Toolchain, ...]:
    """Return the toolchains named and those they need: each after what it needs, in one order whatever was named.

    Raises
    ------
    SandboxUnavailable
        If there is none of that name.
    """
    wanted: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in TOOLCHAINS:
            raise SandboxUnavailable(f"there is no toolchain {name!r}", f"use {', '.join(sorted(TOOLCHAINS))}")
        wanted.add(name)
        waiting += TOOLCHAINS[name].needs
    return tuple(sorted((TOOLCHAINS[name] for name in wanted), key=lambda each: (_depth(each), each.name)))


def _depth(toolchain: Toolchain) -> int:
    return max((1 + _depth(TOOLCHAINS[name]) for name in toolchain.needs), default=0)


def on_this_machine(toolchain: Toolchain) -> HostToolchain:
    """Find a toolchain on this machine.

    Raises
    ------
    SandboxUnavailable
        If one of its commands is missing or does not run.
    """
    folder = _rustup_folder() if toolchain.name == "rust" else None
    path = str(folder / "bin") if folder else None
    found = {name: shutil.which(name, path=path) for name in (*toolchain.commands, *toolchain.optional)}
    missing = [name for name in toolchain.commands if found[name] is None]
    if missing:
        hint = f"apt-get install {' '.join(toolchain.packages)}"
        raise SandboxUnavailable(f"this machine has no {', '.join(missing)} for the toolchain {toolchain.name}", hint)
    commands = {name: Path(place).resolve() for name, place in found.items() if place is not None}
    first = str(commands[toolchain.commands[0]])
    version = _first_line([first, toolchain.version_argument])
    if not version:
        raise SandboxUnavailable(f"{first} of the toolchain {toolchain.name} does not run", "install it anew")
    return HostToolchain(toolchain, version, commands, folder)


def version_number(told: str) -> str:
    """Cut ``1.95.0`` out of what a command says of its version."""
    found = re.search(r"\d+(\.\d+)+", told)
    return found.group() if found else told[:20]


def _rustup_folder() -> Path | None:
    """Where rustc and cargo really lie; those of PATH may be rustup's proxies, which need its settings."""
    rustc = shutil.which("rustc") or shutil.which("rustc", path=str(Path.home() / ".cargo" / "bin"))
    said = _first_line([rustc, "--print", "sysroot"]) if rustc else ""
    folder = Path(said)
    return folder if said and folder != Path("/usr") and (folder / "bin" / "cargo").is_file() else None


def _first_line(argv: list[str]) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=PROBE_S, stdin=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace").strip().partition("\n")[0]
