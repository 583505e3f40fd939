"""A crate built as a library that C can link: its own code, wrappers beside it, nothing else changed."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.bridge import Wrapper, wrap
from repowright.agent.workflows.translate.checks.callbacks import callback_types, callbacks_of
from repowright.agent.workflows.translate.checks.conversions import NONE, Conversions
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate
from repowright.agent.workflows.translate.checks.finding import Diagnostic
from repowright.agent.workflows.translate.checks.pairs import droppers, pair, rust_functions
from repowright.agent.workflows.translate.checks.shapes import NO_CALLBACKS, CallShape, shape_of

FOLDER = "translated"
"""Where the crate lies in the workspace, beside the C files."""
MESSAGES = "translated.messages"
_FORBID = re.compile(rb"#!\[\s*(?:forbid|deny)\s*\(([^)\]]*)\)\s*\]")
BUILD_S = 150


@dataclass(frozen=True)
class Bridged:
    """The functions of a program that have a Rust one behind a wrapper, and why the others have none."""

    wrappers: tuple[Wrapper, ...]
    left_out: Mapping[str, str]
    """By name of the C function."""


def bridge_all(
    crate: Crate,
    program: CProgram,
    symbol: Callable[[CallShape], str],
    before: Callable[[int], str],
    conversions: Conversions = NONE,
) -> Bridged:
    """Wrap every function of the program that can be.

    Parameters
    ----------
    symbol
        Name that a wrapper is exported as.
    before
        Statement that a wrapper runs first, by its number.
    conversions
        Of the types whose values are converted at each call.
    """
    shapes, left_out = call_shapes(program, values=bool(conversions.every))
    found = dict(pair(frozenset(each.name for each in shapes), rust_functions(crate)))
    found |= droppers(shapes, found)
    wrappers: list[Wrapper] = []
    newest = is_2024(crate)
    for shape in shapes:
        if shape.name not in found:
            left_out[shape.name] = "no Rust function stands for it"
            continue
        number = len(wrappers)
        made = wrap(shape, found[shape.name], symbol(shape), before(number), newest, conversions)
        if isinstance(made, str):
            left_out[shape.name] = made
        else:
            wrappers.append(made)
    return Bridged(tuple(wrappers), left_out)


def call_shapes(program: CProgram, *, values: bool = False) -> tuple[list[CallShape], dict[str, str]]:
    """The functions of a program that can be called with made-up values, and why the others cannot.

    Parameters
    ----------
    values
        Take those too that only converters can carry.
    """
    types = program.types()
    shapes: list[CallShape] = []
    left_out: dict[str, str] = {}
    named = callback_types(program, types) if values else NO_CALLBACKS
    for index, (path, functions) in enumerate(program.functions().items()):
        for function in functions:
            body = program.files[path][function.body : function.end] if values else None
            callbacks = callbacks_of(function, program.files[path], named, types) if values else NO_CALLBACKS
            shape = shape_of(function, path, index, types, body, callbacks)
            if isinstance(shape, str):
                left_out[function.name] = shape
            else:
                shapes.append(shape)
    return shapes, left_out


def statics_of(shapes: Sequence[CallShape]) -> dict[str, dict[str, str]]:
    """Symbols that ``static`` functions are made known by, by file and name."""
    found: dict[str, dict[str, str]] = {}
    for each in shapes:
        if each.static:
            found.setdefault(each.path, {})[each.name] = each.symbol
    return found


def with_wrappers(crate: Crate, wrappers: Sequence[Wrapper], support: str = "") -> dict[str, bytes]:
    """The crate's files, in their folder of the workspace, each with the wrappers of its functions at its end."""
    files = {f"{FOLDER}/{path}": data for path, data in crate.files.items()}
    for path in crate.rust_files():
        own = "".join(each.text for each in wrappers if each.function.path == path)
        more = support if path == "src/lib.rs" else ""
        files[f"{FOLDER}/{path}"] = unforbidden(crate.files[path]) + (own + more).encode()
    return files


def build_lines(crate: Crate) -> list[str]:
    """Lines that build the library; they end the script with code 3 where it does not compile."""
    cargo = "cargo rustc --offline --lib --crate-type staticlib --message-format=json"
    return [f"(cd {FOLDER} && CARGO_PROFILE_DEV_PANIC=abort {cargo} > ../{MESSAGES} 2> ../{MESSAGES}.err) || exit 3"]


def archive(crate: Crate) -> str:
    """Path of the built library."""
    return f"{FOLDER}/target/debug/lib{crate.name}.a"


def without_broken(wrappers: Sequence[Wrapper], crate: Crate, errors: Sequence[Diagnostic]) -> tuple[Wrapper, ...]:
    """The wrappers that no compile error stands in."""
    broken: set[str] = set()
    for path in {each.function.path for each in wrappers}:
        at = len(unforbidden(crate.files[path]))
        for wrapper in (each for each in wrappers if each.function.path == path):
            end = at + len(wrapper.text.encode())
            if any(each.path.removeprefix(f"{FOLDER}/") == path and at <= each.start < end for each in errors):
                broken.add(wrapper.symbol)
            at = end
    return tuple(each for each in wrappers if each.symbol not in broken)


def unforbidden(data: bytes) -> bytes:
    """A file as one that may hold unsafe code and warnings."""
    return _FORBID.sub(_without_unsafe, data)


def _without_unsafe(found: re.Match[bytes]) -> bytes:
    kept = [name for name in found[1].split(b",") if name.strip() not in (b"unsafe_code", b"warnings")]
    return found[0].replace(found[1], b",".join(kept)) if kept else b""


def is_2024(crate: Crate) -> bool:
    """Tell whether the crate's edition wants ``unsafe`` around attributes and ``extern`` blocks."""
    try:
        manifest = tomllib.loads(crate.files["Cargo.toml"].decode())
        return str(manifest["package"]["edition"]) >= "2024"
    except (KeyError, TypeError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return False
