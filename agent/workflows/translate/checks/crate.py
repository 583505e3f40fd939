"""What is checked: a crate, and the C program it was translated from."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from repowright.repo_tools.c_text import CFunction, CTypes, read_functions, read_types

C_FLAGS = ("-std=gnu11", "-w")
INTRINSICS = re.compile(rb"#\s*include\s*<\w*intrin\.h>")
"""Headers of vector instructions, which the compiler must be allowed to use."""


@dataclass(frozen=True)
class CProgram:
    """A C project: what it is built of and which programs it has."""

    files: Mapping[str, bytes]
    """Everything, by relative POSIX path."""
    sources: tuple[str, ...]
    """Files that programs share."""
    mains: tuple[str, ...] = ()
    """Files with a ``main``, each a program of its own; they run without arguments."""
    includes: tuple[str, ...] = ()
    flags: tuple[str, ...] = C_FLAGS
    libraries: tuple[str, ...] = ("-lm", "-lpthread")

    def functions(self) -> Mapping[str, tuple[CFunction, ...]]:
        """The functions of each source, by its path."""
        return {path: read_functions(self.files[path]) for path in self.sources}

    def types(self) -> CTypes:
        """The type names of sources and headers."""
        names = [path for path in sorted(self.files) if path in self.sources or path.endswith(".h")]
        return read_types((path, self.files[path]) for path in names)

    def compile_options(self) -> tuple[str, ...]:
        """Flags and include folders of every compilation."""
        return (*self.flags, *(f"-I{folder}" for folder in self.includes))


def c_program(files: Mapping[str, bytes], leave_out: Sequence[str] = ()) -> CProgram:
    """Make a program of the files of a folder: each file with a ``main`` is a program, the other sources are shared.

    Where every file has a ``main``, the files are sources as well.
    """
    names = [path for path in sorted(files) if path.endswith(".c") and path not in leave_out]
    mains = [path for path in names if any(each.is_main for each in read_functions(files[path]))]
    sources = [path for path in names if path not in mains] or mains
    folders = {posixpath.dirname(path) or "." for path in (*names, *files) if path.endswith((".c", ".h", ".inc"))}
    # Some headers are named with a folder before them: those above come last.
    above = {str(parent) for folder in folders for parent in PurePosixPath(folder).parents}
    includes = (*sorted(folders), *sorted(above - folders))
    vectors = any(INTRINSICS.search(files[path]) for path in files if path.endswith((".c", ".h")))
    flags = (*C_FLAGS, "-march=native") if vectors else C_FLAGS
    return CProgram(dict(files), tuple(sources), tuple(mains), includes, flags)


@dataclass(frozen=True)
class Crate:
    """A crate under check."""

    files: Mapping[str, bytes]
    """Everything, by relative POSIX path; ``Cargo.toml`` among them."""
    origin: CProgram | None = None
    unsafe_budget: int = 0
    """Places of unsafe code that are allowed."""
    vacuous: frozenset[str] = field(default=frozenset())
    """Tests that pass on stubs, as the runner names them: they show nothing."""

    def rust_files(self) -> Mapping[str, bytes]:
        """The files of the crate's own code, tests and examples left out."""
        return {path: self.files[path] for path in sorted(self.files) if is_own_code(path)}

    @property
    def name(self) -> str:
        """Name of the library as code imports it; empty where the manifest cannot be read."""
        try:
            manifest = tomllib.loads(self.files["Cargo.toml"].decode())
            named = manifest.get("lib", {}).get("name") or manifest["package"]["name"]
        except (KeyError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            return ""
        return str(named).replace("-", "_")

    @property
    def has_library(self) -> bool:
        """True where other code can call it."""
        return "src/lib.rs" in self.files


def is_own_code(path: str) -> bool:
    """Tell whether a file is translated code and no test, example or build output."""
    parts = path.split("/")
    return path.endswith(".rs") and parts[0] == "src" and "bin" not in parts[:-1] and "tests" not in parts[:-1]


def module_of(path: str) -> str:
    """The module a file of ``src`` holds, such as ``tree::node``; empty for the root."""
    parts = path.removeprefix("src/").removesuffix(".rs").split("/")
    if parts[-1] in ("lib", "main", "mod"):
        parts.pop()
    return "::".join(parts)
