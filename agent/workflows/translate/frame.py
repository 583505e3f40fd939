"""The crate that is filled: what is given or generated, which of its items wait, and what may not change."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator, Mapping

from repowright.agent.errors import UserError
from repowright.agent.workflows.resolve.source_tree import SourceTree
from repowright.agent.workflows.translate.checks import Crate
from repowright.agent.workflows.translate.checks.crate import is_own_code
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import CNames, match
from repowright.agent.workflows.translate.originals import Originals
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton, crate_name
from repowright.agent.workflows.translate.slots import Frame, Slot
from repowright.repo_tools.c_source.translation_unit import GlobalVariable
from repowright.repo_tools.rust_source import Span, count_unsafe, find_stubs, find_tests, read_items, replace_spans

MANIFEST = "Cargo.toml"
ROOT = "src/lib.rs"
NEW_MANIFEST = '[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n\n[workspace]\n'
_MODULE = re.compile(r"^\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;", re.MULTILINE)
_PENDING = "its initialiser is not translated yet"
_ZERO = frozenset("(){},*0") | {"void", "NULL"}
_MOST_UNSAFE = 10**9


def crate_of(frame: Frame, files: Mapping[str, bytes], vacuous: frozenset[str] = frozenset()) -> Crate:
    """The crate of a frame in some later state, without the C it came from."""
    return Crate(files, None, frame.unsafe_budget, vacuous)


def frame_of(encoded: EncodedC, originals: Originals, designed: Mapping[str, bytes] | None = None) -> Frame:
    """Return the interface that was given or designed, else a skeleton typed as C is.

    Raises
    ------
    UserError
        If an interface has nothing to be written.
    """
    tests = _placed_tests(originals.tests) if originals.tests is not None else {}
    if designed:
        return _given(encoded, SourceTree("that was designed", designed), tests)
    if originals.interface is not None:
        return _given(encoded, originals.interface, tests)
    return _generated(encoded, tests)


def _generated(encoded: EncodedC, tests: Mapping[str, bytes]) -> Frame:
    crate = build_skeleton(encoded.project.name, encoded.units)
    files = {path: text.encode() for path, text in crate.files.items()} | dict(tests)
    pending = {
        (path, item.path)
        for path, data in files.items()
        for item in read_items(data).items
        if _PENDING in _head(data, item.span.start, item.declared.start)
    }
    zero = {key for key, variable in encoded.links.variables.items() if _is_zero(variable)}
    slots = tuple(
        Slot(f"src/{stub.module}.rs", stub.item, Key(stub.path, stub.name))
        for stub in crate.stubs
        if stub.kind == "function"
        or ((f"src/{stub.module}.rs", stub.item) in pending and Key(stub.path, stub.name) not in zero)
    )
    waiting = {(slot.path, slot.item) for slot in slots}
    settled = tuple(
        Slot(f"src/{stub.module}.rs", stub.item, Key(stub.path, stub.name))
        for stub in crate.stubs
        if (f"src/{stub.module}.rs", stub.item) not in waiting
    )
    for path in sorted({path for path, _ in pending}):
        files[path] = settled_heads(files[path], [item for each, item in pending - waiting if each == path])
    refused = {Key(each.path, each.name): each.reason for each in crate.refused if each.name}
    return Frame(crate.name, files, slots, _test_files(files), False, _MOST_UNSAFE, refused, settled=settled)


def _is_zero(variable: GlobalVariable) -> bool:
    """Whether an initialiser says nothing but zero, such as ``NULL`` and ``{0}``."""
    return all(token.text in _ZERO for token in variable.initialiser)


def settled_heads(data: bytes, items: Collection[str]) -> bytes:
    """A file without the remark that an initial value is left out, above items that have theirs."""
    source = read_items(data)
    changes: dict[Span, str] = {}
    for path in sorted(items):
        item = source.find(path)
        if item is not None and item.span.start < item.declared.start:
            above = Span(item.span.start, item.declared.start)
            changes[above] = _head(data, above.start, above.end).replace(f"; {_PENDING}", "")
    return replace_spans(source.text, changes).encode() if changes else data


def _head(data: bytes, start: int, end: int) -> str:
    return data[start:end].decode("utf-8", "replace")


def check_interface(interface: SourceTree) -> None:
    """Make sure that there is something to write in a given interface.

    Raises
    ------
    UserError
        If none of its functions is a stub.
    """
    if not _waiting(_crate_files(interface, crate_name(interface.name))):
        raise UserError(
            f"the interface {interface.name} has no function that waits to be written",
            "its functions must hold unimplemented!() or todo!()",
        )


def _waiting(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    own = [path for path in sorted(files) if is_own_code(path)]
    return [(path, stub.path) for path in own for stub in find_stubs(files[path])]


def _given(encoded: EncodedC, interface: SourceTree, tests: Mapping[str, bytes]) -> Frame:
    files = _crate_files(interface, crate_name(encoded.project.name)) | dict(tests)
    waiting = _waiting({path: data for path, data in files.items() if path not in tests})
    names = CNames.of(encoded)
    origins = match(waiting, names)
    there = [
        (path, item.path)
        for path in sorted(files)
        if is_own_code(path)
        for item in read_items(files[path]).functions()
        if item.body is not None and (path, item.path) not in waiting
    ]
    slots = tuple(Slot(path, item, origins.get((path, item))) for path, item in waiting)
    own = [data for path, data in files.items() if is_own_code(path)]
    budget = sum(count_unsafe(data).total for data in own)
    name = Crate(files).name or crate_name(encoded.project.name)
    written = frozenset(match(there, names).values())
    return Frame(name, files, slots, _test_files(files), True, budget, {}, written)


def _crate_files(interface: SourceTree, name: str) -> dict[str, bytes]:
    """The files of a crate: a manifest and a root are added, and modules put where the root looks for them."""
    files = {path: data for path, data in interface.files.items() if path != "Cargo.lock"}
    if MANIFEST not in files:
        loose = {path: data for path, data in files.items() if "/" not in path and path.endswith(".rs")}
        files = {path: data for path, data in files.items() if path not in loose}
        files |= {f"src/{path}": data for path, data in loose.items()}
        files[MANIFEST] = NEW_MANIFEST.format(name=name).encode()
    if ROOT not in files and "src/main.rs" not in files:
        stems = sorted(posixpath.splitext(path)[0].rpartition("/")[2] for path in files if is_own_code(path))
        files[ROOT] = "".join(f"pub mod {stem};\n" for stem in stems).encode()
    return _moved(files)


def _moved(files: dict[str, bytes]) -> dict[str, bytes]:
    """Modules that the root declares and that lie in a folder it does not declare, such as ``src/interfaces``."""
    root = ROOT if ROOT in files else "src/main.rs"
    declared = _MODULE.findall(files.get(root, b"").decode("utf-8", "replace"))
    for name in declared:
        if {f"src/{name}.rs", f"src/{name}/mod.rs"} & files.keys():
            continue
        elsewhere = [path for path in sorted(files) if is_own_code(path) and path.endswith(f"/{name}.rs")]
        if len(elsewhere) == 1:
            files[f"src/{name}.rs"] = files.pop(elsewhere[0])
    return files


def _placed_tests(tests: SourceTree) -> dict[str, bytes]:
    """Test files where cargo looks for them; a manifest among them is not one."""
    return {_place(path): data for path, data in tests.files.items() if path.endswith(".rs")}


def _place(path: str) -> str:
    parts = path.split("/")
    if parts[0] in ("src", "tests", "benches", "examples"):
        return path
    return f"src/{path}" if parts[0] == "bin" else f"tests/{path}"


def _test_files(files: Mapping[str, bytes]) -> tuple[str, ...]:
    return tuple(_tests_among(files))


def _tests_among(files: Mapping[str, bytes]) -> Iterator[str]:
    for path in sorted(files):
        if path.endswith(".rs") and not is_own_code(path):
            yield path


def has_tests(frame: Frame) -> bool:
    """Tell whether there is any Rust test."""
    return any(find_tests(data) for path, data in frame.files.items() if path.endswith(".rs"))
