"""What is refused in Python that a model wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repowright.agent.workflows.translate.answers.asked import Asked, Fault, Refusal
from repowright.repo_tools.python_items import (
    find_forbidden,
    find_literals,
    is_annotated,
    is_stub,
    names_of,
    read_source,
    signature,
)

_FAULTS = {
    "foreign": Fault.FOREIGN,
    "process": Fault.PROCESS,
    "included": Fault.INCLUDED,
    "test sniffing": Fault.TEST_SNIFFING,
}
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
    package = path.partition("/")[0]
    had = {each.text for each in find_forbidden(given, package)}
    for place in find_forbidden(text, package):
        if place.text not in had:
            yield Refusal(_FAULTS[place.kind], path, f"line {place.line} must not be there: `{place.text}`")
    yield from _judge_literals(path, text, asked)


def _judge_literals(path: str, text: str, asked: Asked) -> Iterator[Refusal]:
    """Refuse a branch on a value that only the tests know."""
    expected = {value for test in asked.tests.values() for value, _ in find_literals(test, compared=False)}
    expected -= {value for value, _ in find_literals(asked.files[path], compared=False)}
    for value, line in find_literals(text, compared=True):
        if value in expected and len(value) >= _SHORTEST and not _occurs(value, asked.origin):
            yield Refusal(Fault.HARD_CODED, path, f"line {line} decides by {value!r}, which only the tests know")
            return


def _occurs(value: str, origin: str) -> bool:
    """Tell whether the C holds a value: a number also in base 16."""
    forms = {value, hex(int(value)), hex(int(value)).upper().replace("0X", "0x")} if value.isdigit() else {value}
    return any(re.search(rf"(?<!\w){re.escape(form)}(?!\d)", origin) for form in forms)
