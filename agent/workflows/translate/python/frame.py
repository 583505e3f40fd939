"""The package that is filled: a given one or a skeleton, its tests, and which of its items wait."""

from __future__ import annotations

import re
from collections.abc import Mapping

from repowright.agent.errors import UserError
from repowright.agent.workflows.resolve.source_tree import SourceTree
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.linking import Key
from repowright.agent.workflows.translate.mapping import CNames, match
from repowright.agent.workflows.translate.originals import Originals
from repowright.agent.workflows.translate.python.names import package_name
from repowright.agent.workflows.translate.python.skeleton import build_package
from repowright.agent.workflows.translate.reach import TestReach
from repowright.agent.workflows.translate.slots import Frame, Slot, tests_of
from repowright.repo_tools.python_items import is_stub, read_source, stubs_of

_WORD = re.compile(r"[^\W\d]\w*")


def frame_of(encoded: EncodedC, originals: Originals) -> Frame:
    """Return the interface that was given, else a skeleton made from the C."""
    tests = _placed_tests(originals.tests) if originals.tests is not None else {}
    if originals.interface is not None:
        return _given(encoded, originals.interface, tests)
    package = build_package(encoded.project.name, encoded.units)
    files = {path: text.encode() for path, text in package.files.items()} | tests
    slots = tuple(Slot(each.file, each.item, Key(each.path, each.name)) for each in package.stubs if each.waits)
    settled = tuple(Slot(each.file, each.item, Key(each.path, each.name)) for each in package.stubs if not each.waits)
    return Frame(package.name, files, slots, _test_files(files), False, 0, {}, settled=settled)


def _given(encoded: EncodedC, interface: SourceTree, tests: Mapping[str, bytes]) -> Frame:
    files = _package_files(interface, package_name(encoded.project.name)) | dict(tests)
    own = {path: data.decode("utf-8", "replace") for path, data in sorted(files.items()) if is_own_code(path)}
    waiting = [(path, each.path) for path, text in own.items() for each in stubs_of(text)]
    there = [
        (path, each.path)
        for path, text in own.items()
        for each in read_source(text).items
        if each.is_function and not is_stub(each)
    ]
    names = CNames.of(encoded)
    origins = match(waiting, names)
    slots = tuple(Slot(path, item, origins.get((path, item))) for path, item in waiting)
    written = frozenset(match(there, names).values())
    name = next((path.partition("/")[0] for path in own if "/" in path), package_name(encoded.project.name))
    return Frame(name, files, slots, _test_files(files), True, 0, {}, written)


def _package_files(interface: SourceTree, name: str) -> dict[str, bytes]:
    """The files of a package; loose ones become one."""
    files = dict(interface.files)
    if not any("/" in path for path in files if is_own_code(path)):
        loose = {path: data for path, data in files.items() if path.endswith(".py") and is_own_code(path)}
        files = {path: data for path, data in files.items() if path not in loose}
        files |= {f"{name}/{path}": data for path, data in loose.items()}
        files.setdefault(f"{name}/__init__.py", b"")
    return files


def check_interface(interface: SourceTree) -> None:
    """Make sure that there is something to write in a given interface.

    Raises
    ------
    UserError
        If none of its functions is a stub.
    """
    texts = [data.decode("utf-8", "replace") for path, data in interface.files.items() if is_own_code(path)]
    if not any(stubs_of(text) for text in texts):
        raise UserError(
            f"the interface {interface.name} has no function that waits to be written",
            "its functions must hold ... or raise NotImplementedError",
        )


def is_own_code(path: str) -> bool:
    """Tell whether a file is translated code and no test."""
    parts = path.split("/")
    base = parts[-1]
    is_test = base.startswith("test_") or base.endswith("_test.py") or base == "conftest.py" or "tests" in parts[:-1]
    return path.endswith(".py") and not is_test


def _placed_tests(tests: SourceTree) -> dict[str, bytes]:
    """Test files in one folder of their own."""
    return {
        path if path.startswith("tests/") else f"tests/{path}": data
        for path, data in tests.files.items()
        if path.endswith(".py")
    }


def _test_files(files: Mapping[str, bytes]) -> tuple[str, ...]:
    return tuple(path for path in sorted(files) if path.endswith(".py") and not is_own_code(path))


def has_tests(frame: Frame) -> bool:
    """Tell whether there is any test."""
    return any(_tests_in(text) for text in tests_of(frame).values())


def _tests_in(text: str) -> list[str]:
    return [each.path for each in read_source(text).items if each.is_function and each.name.startswith("test")]


def reaches(frame: Frame) -> tuple[TestReach, ...]:
    """Return what each test may call: the items whose names it, or a function of its file that it calls, mentions."""
    found: list[TestReach] = []
    for path, text in sorted(tests_of(frame).items()):
        source = read_source(text)
        for test in _tests_in(text):
            words = _words_of(text, test)
            slots = frozenset(slot for slot in frame.slots if _means(slot, words))
            item = source.find(test)
            if item is not None:
                found.append(TestReach(path, test, source.part(item), slots))
    return tuple(found)


def _means(slot: Slot, words: set[str]) -> bool:
    owner, _, name = slot.item.rpartition("::")
    return name in words or (name.startswith("__") and owner in words)


def _words_of(text: str, test: str) -> set[str]:
    source = read_source(text)
    functions = {each.name: each for each in source.items if each.is_function}
    words: set[str] = set()
    waiting, seen = [test], {test}
    while waiting:
        item = source.find(waiting.pop())
        new = set(_WORD.findall(source.part(item))) if item is not None else set()
        words |= new
        more = {functions[name].path for name in new & functions.keys()} - seen
        seen |= more
        waiting += sorted(more)
    return words
