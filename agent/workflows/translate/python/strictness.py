"""What is refused in Python that a model wrote."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from repowright.agent.workflows.translate.answers.asked import Asked, Fault, Refusal
from repowright.agent.workflows.translate.python.source import is_annotated, is_stub, names_of, read_source, signature

ALLOWED = frozenset(
    """
    __future__ abc array bisect collections contextlib copy dataclasses datetime enum errno fractions functools heapq
    io itertools locale math operator os.path random re string struct sys textwrap time typing unicodedata
    """.split()  # noqa: SIM905
)
"""Modules that translated code may import: those in which C's own library has a counterpart."""
_FOREIGN = frozenset({"ctypes", "cffi", "_ctypes", "cython", "numba"})
_PROCESS = frozenset({"subprocess", "os", "pty", "multiprocessing", "signal", "socket", "asyncio", "threading"})
_SNIFFING = frozenset({"pytest", "unittest", "inspect", "traceback", "gc", "tracemalloc"})
_CALLS = frozenset({"eval", "exec", "compile", "__import__", "globals", "locals", "vars", "breakpoint", "setattr"})
_ATTRIBUTES = frozenset(
    """
    modules _getframe settrace setprofile meta_path path_hooks __globals__ __code__ __builtins__ __subclasses__ __dict__
    __closure__ __getattribute__ system popen environ argv orig_argv _current_frames
    """.split()  # noqa: SIM905
)
_SHORTEST = 3
"""Characters of a literal that says something; shorter ones are in every program."""


def judge_signatures(path: str, block: str, asked: Asked) -> Iterator[Refusal]:
    """Refuse functions that callers would have to call otherwise; annotations may be left out, not changed."""
    given, answered = read_source(asked.files[path]), read_source(block)
    for wanted in asked.wanted.get(path, ()):
        here, there = given.find(wanted), answered.find(wanted)
        if here is None or there is None:
            continue
        if here.is_function != there.is_function:
            kind = "function" if here.is_function else "variable"
            yield Refusal(Fault.SIGNATURE, wanted, f"it must stay a {kind}")
        elif here.is_function:
            same = names_of(here) == names_of(there)
            if not same or (is_annotated(there) and signature(here) != signature(there)):
                told = f"it must stay `{signature(here)}`, not become `{signature(there)}`"
                yield Refusal(Fault.SIGNATURE, wanted, told)


def judge_tests(path: str, block: str, asked: Asked) -> Iterator[Refusal]:
    """Refuse an answer that writes a test file otherwise than it is, or tests anywhere else."""
    if path in asked.tests:
        if "".join(block.split()) != "".join(asked.tests[path].split()):
            yield Refusal(Fault.TESTS, path, "the tests must stay as they are")
        return
    known = {each.path for each in read_source(asked.files.get(path, "")).items}
    for each in read_source(block).items:
        if each.is_function and each.name.startswith("test_") and each.path not in known:
            yield Refusal(Fault.TESTS, path, f"it adds the test {each.path}; the tests must stay as they are")


def judge_file(path: str, text: str, taken: frozenset[str], asked: Asked) -> Iterator[Refusal]:
    """Refuse what a changed file holds and the given one did not."""
    source, given = read_source(text), asked.files[path]
    if source.problem:
        yield Refusal(Fault.UNREADABLE, path, f"this is no Python, {source.problem}")
        return
    old = {each.path for each in read_source(given).items if is_stub(each)}
    for each in source.items:
        if is_stub(each) and (each.path in taken or each.path not in old):
            yield Refusal(Fault.STUB, each.path, "it is not written, only a stub")
    had = {what for _, what, _ in forbidden(given)}
    package = path.partition("/")[0]
    for fault, what, line in forbidden(text, package):
        if what not in had:
            yield Refusal(fault, path, f"line {line} must not be there: `{what}`")
    yield from _judge_literals(path, text, asked)


def forbidden(text: str, package: str = "") -> Iterator[tuple[Fault, str, int]]:
    """Every place that leaves the language, reads code as data or asks who runs it: why, what and where."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        for name in _imported(node):
            fault = _why_not_imported(name, package)
            if fault is not None:
                yield fault, ast.unparse(node)[:80], getattr(node, "lineno", 0)
        if isinstance(node, ast.Name) and (node.id in _CALLS or node.id == "__builtins__"):
            yield Fault.PROCESS, node.id, node.lineno
        elif isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
            sniffs = node.attr in ("modules", "_getframe", "environ", "argv", "orig_argv")
            yield Fault.TEST_SNIFFING if sniffs else Fault.PROCESS, ast.unparse(node)[:80], node.lineno
        elif isinstance(node, ast.Call) and _looks_up(node):
            yield Fault.PROCESS, ast.unparse(node)[:80], node.lineno


def _looks_up(node: ast.Call) -> bool:
    """Tell whether a call looks an attribute up by a name that is made up as it runs."""
    named = isinstance(node.func, ast.Name) and node.func.id == "getattr"
    return named and (len(node.args) < 2 or not isinstance(node.args[1], ast.Constant))


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [each.name for each in node.names]
    if isinstance(node, ast.ImportFrom):
        return ["." * node.level + (node.module or "")]
    return []


def _why_not_imported(name: str, package: str) -> Fault | None:
    top = name.partition(".")[0]
    if name.startswith(".") or (package and top == package) or name in ALLOWED:
        return None
    if top in ALLOWED and top not in ("os",):
        return None
    if top in _FOREIGN:
        return Fault.FOREIGN
    return Fault.TEST_SNIFFING if top in _SNIFFING else Fault.PROCESS if top in _PROCESS else Fault.INCLUDED


def _judge_literals(path: str, text: str, asked: Asked) -> Iterator[Refusal]:
    """Refuse a branch on a value that only the tests know."""
    expected = {value for test in asked.tests.values() for value, _ in _literals(test, compared=False)}
    expected -= {value for value, _ in _literals(asked.files[path], compared=False)}
    for value, line in _literals(text, compared=True):
        if value in expected and len(value) >= _SHORTEST and not _occurs(value, asked.origin):
            yield Refusal(Fault.HARD_CODED, path, f"line {line} decides by {value!r}, which only the tests know")
            return


def _literals(text: str, *, compared: bool) -> Iterator[tuple[str, int]]:
    """Numbers and texts of a file; those alone that decide something where ``compared`` is set."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return
    deciding = (ast.Compare, ast.MatchValue, ast.Dict, ast.Set)
    roots = [node for node in ast.walk(tree) if isinstance(node, deciding)] if compared else [tree]
    for root in roots:
        for node in ast.walk(root):
            if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | bytes):
                value = node.value
                shown = value.decode("latin-1") if isinstance(value, bytes) else str(value)
                yield shown, node.lineno


def _occurs(value: str, origin: str) -> bool:
    """Tell whether the C holds a value: a number also in base 16."""
    forms = {value, hex(int(value)), hex(int(value)).upper().replace("0X", "0x")} if value.isdigit() else {value}
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\d)", origin) for form in forms)
