"""How a project compiles its files, as far as its build files say so in plain words.

Nothing is run. A ``compile_commands.json`` is believed; of Makefiles and CMake lists only macros, include folders
and the language standard are taken, and what cannot be read is told.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass

COMMANDS = "compile_commands.json"
_MAKEFILES = frozenset({"makefile", "gnumakefile"})
_OTHER_SYSTEMS = {
    "meson.build": "Meson",
    "configure.ac": "Autoconf",
    "configure": "Autoconf",
    "SConstruct": "SCons",
    "BUILD": "Bazel",
    "BUILD.bazel": "Bazel",
    "build.ninja": "Ninja",
    "premake5.lua": "Premake",
    "xmake.lua": "xmake",
    "build.zig": "Zig",
    "project.json": "a project.json",
}
_WORD = re.compile(r"(?<![\w-])-(?:[DU]\s?[A-Za-z_]|(?:I|isystem |iquote )\s?[^\s-]|std=)[^\s\"'`;)]*(?:\"[^\"]*\")?")
_LEFT_OUT = ("-DNDEBUG",)
"""Would take assertions out of the code under translation."""
_CMAKE = re.compile(
    r"(?is)\b(include_directories|target_include_directories|add_definitions|add_compile_definitions"
    r"|target_compile_definitions|add_compile_options|target_compile_options)\s*\(([^)]*)\)"
)
_CMAKE_WORDS = frozenset({"PUBLIC", "PRIVATE", "INTERFACE", "SYSTEM", "BEFORE", "AFTER"})
_STANDARD = re.compile(r"(?i)\bset\s*\(\s*CMAKE_C_STANDARD\s+(\d+)")
_KEPT = ("-D", "-U", "-I", "-std=", "-isystem", "-iquote", "-include", "-f", "-m")
_TAKES_NEXT = ("-D", "-U", "-I", "-isystem", "-iquote", "-include")


@dataclass(frozen=True, slots=True)
class BuildFlags:
    """Arguments for the compiler, by file.

    Parameters
    ----------
    exact
        From ``compile_commands.json``, by path.
    by_folder
        From the build file of a folder; it holds for all below that has none of its own.
    notes
        What was not understood, one line each.
    """

    exact: Mapping[str, tuple[str, ...]]
    by_folder: Mapping[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()

    def of(self, path: str) -> tuple[str, ...]:
        """Arguments for one file."""
        if path in self.exact:
            return self.exact[path]
        folder = posixpath.dirname(path)
        while True:
            if folder in self.by_folder:
                return self.by_folder[folder]
            if not folder:
                return ()
            folder = posixpath.dirname(folder)


def read_build_flags(files: Mapping[str, bytes]) -> BuildFlags:
    """Read the build files among a project's files."""
    exact: dict[str, tuple[str, ...]] = {}
    by_folder: dict[str, tuple[str, ...]] = {}
    notes: list[str] = []
    for path in sorted(files):
        folder, name = posixpath.split(path)
        if name == COMMANDS:
            _commands(path, files, exact, notes)
        elif name.lower() in _MAKEFILES or name.endswith(".mk"):
            _merge(by_folder, folder, _make_words(_text(files[path]), folder))
        elif name == "CMakeLists.txt":
            _merge(by_folder, folder, _cmake_words(_text(files[path]), folder))
        elif name in _OTHER_SYSTEMS:
            notes.append(f"{path}: {_OTHER_SYSTEMS[name]} is not read; files are compiled with default flags")
    return BuildFlags(exact, by_folder, tuple(notes))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _merge(by_folder: dict[str, tuple[str, ...]], folder: str, words: list[str]) -> None:
    by_folder[folder] = tuple(dict.fromkeys((*by_folder.get(folder, ()), *words)))


def _make_words(text: str, folder: str) -> list[str]:
    found: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        line = line.partition("#")[0]
        for match in _WORD.finditer(line):
            found += _placed(match[0].replace(" ", "", 1).replace("\\", ""), folder)
    return _last_standard([word for word in found if not word.startswith(_LEFT_OUT)])


def _cmake_words(text: str, folder: str) -> list[str]:
    text = re.sub(r"#[^\n]*", "", text).replace("${CMAKE_CURRENT_SOURCE_DIR}", ".").replace("${CMAKE_SOURCE_DIR}", ".")
    text = text.replace("${PROJECT_SOURCE_DIR}", ".")
    found: list[str] = []
    for match in _CMAKE.finditer(text):
        command = match[1].lower()
        words = [word.strip('"') for word in match[2].split() if word not in _CMAKE_WORDS]
        words = words[1:] if command.startswith("target_") else words
        for word in words:
            if "include" in command:
                found += _placed(f"-I{word}", folder)
            elif word.startswith(("-D", "-std=")):
                found.append(word)
            elif "definitions" in command and "$" not in word and re.match(r"\w+(=|\Z)", word):
                found.append(f"-D{word}")
    standard = _STANDARD.search(text)
    return _last_standard(found + ([f"-std=gnu{standard[1]}"] if standard else []))


def _placed(word: str, folder: str) -> list[str]:
    """A flag with its folder led back to the project's; none where a variable or a shell stands in it."""
    if "$" in word or "`" in word or word in ("-D", "-I", "-U"):
        return []
    for option in ("-isystem", "-iquote", "-I"):
        if word.startswith(option):
            inside = _inside(folder, word[len(option) :])
            return [f"-I{inside}"] if inside else []
    return [word]


def _inside(folder: str, written: str) -> str:
    """A folder relative to the project; empty where it lies outside."""
    if written.startswith("/"):
        return ""
    path = posixpath.normpath(posixpath.join(folder or ".", written.strip("\"'") or "."))
    return "" if path.startswith("..") else path


def _last_standard(words: list[str]) -> list[str]:
    """Of several standards the last one; those of C++ are none."""
    standards = [word for word in words if word.startswith("-std=") and "++" not in word]
    return [word for word in words if not word.startswith("-std=")] + standards[-1:]


def _commands(path: str, files: Mapping[str, bytes], exact: dict[str, tuple[str, ...]], notes: list[str]) -> None:
    try:
        entries = json.loads(_text(files[path]))
        listed = [(str(each["file"]), _arguments(each), str(each.get("directory", ""))) for each in entries]
    except (ValueError, TypeError, KeyError, AttributeError) as err:
        notes.append(f"{path} cannot be read ({type(err).__name__}); files are compiled with default flags")
        return
    for name, arguments, directory in listed:
        root = _common_root(posixpath.normpath(posixpath.join(directory, name)), files)
        if root is None:
            notes.append(f"{path} names {name}, which is not among the files")
            continue
        known, prefix = root
        exact.setdefault(known, tuple(_relative(arguments, prefix, directory)))


def _arguments(entry: Mapping[str, object]) -> list[str]:
    listed = entry.get("arguments")
    return [str(each) for each in listed] if isinstance(listed, list) else shlex.split(str(entry["command"]))


def _common_root(full: str, files: Mapping[str, bytes]) -> tuple[str, str] | None:
    """The project's file that a path on some machine means, and what stands before it there."""
    parts = full.lstrip("/").split("/")
    for start in range(len(parts)):
        path = "/".join(parts[start:])
        if path in files:
            return path, full[: len(full) - len(path)]
    return None


def _relative(arguments: list[str], prefix: str, directory: str) -> list[str]:
    found: list[str] = []
    waiting = list(arguments[1:])
    while waiting:
        word = waiting.pop(0)
        if word in _TAKES_NEXT and waiting:
            word += waiting.pop(0)
        if not word.startswith(_KEPT) or word.startswith(("-fdiagnostics", "-flto", "-MF", "-fsanitize")):
            continue
        option = next((each for each in ("-isystem", "-iquote", "-include", "-I") if word.startswith(each)), "")
        if not option:
            found.append(word)
            continue
        place = posixpath.normpath(posixpath.join(directory, word[len(option) :].strip()))
        if prefix and (place + "/").startswith(prefix):
            place = place[len(prefix) :] or "."
        found.append(f"-I{place}" if option != "-include" else f"-include{place}")
    return found
