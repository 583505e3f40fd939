"""What is refused in a file that an answer changed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from repowright.agent.workflows.translate.answers.asked import Asked, Fault, Refusal
from repowright.repo_tools.rust_source import (
    ItemKind,
    count_unsafe,
    find_forbidden,
    find_literals,
    find_stubs,
    find_tests,
    read_items,
)

_FORBIDDEN = {
    "foreign": Fault.FOREIGN,
    "process": Fault.PROCESS,
    "included": Fault.INCLUDED,
    "test sniffing": Fault.TEST_SNIFFING,
}
_SHORTEST = 3
"""Characters of a literal that says something; shorter ones are in every program."""


def judge_signatures(path: str, block: str, asked: Asked) -> Iterator[Refusal]:
    """Refuse functions whose signature is not the one that was given, and types of another shape."""
    given, answered = read_items(asked.files[path].encode()), read_items(block.encode())
    for wanted in asked.wanted.get(path, ()):
        here, there = given.find(wanted), answered.find(wanted)
        if here is None or there is None:
            continue
        if here.kind is not there.kind:
            yield Refusal(Fault.SIGNATURE, wanted, f"it must stay a {here.kind}, not become a {there.kind}")
            continue
        before, after = here.signature, there.signature
        if before is not None and after is not None and not before.accepts(after):
            yield Refusal(Fault.SIGNATURE, wanted, f"it must stay `{before.normal}`, not become `{after.normal}`")


def judge_tests(path: str, block: str, asked: Asked) -> Iterator[Refusal]:
    """Refuse an answer that writes a test file, or tests that are not those of the file it writes."""
    if path in asked.tests and _code(block) != _code(asked.tests[path]):
        yield Refusal(Fault.TESTS, path, "the tests must stay as they are")
        return
    own = {test.path: test for test in find_tests(asked.files.get(path, "").encode())}
    for test in find_tests(block.encode()):
        if path not in asked.tests and test.path not in own:
            yield Refusal(Fault.TESTS, path, f"it adds the test {test.path}; the tests must stay as they are")
        elif path not in asked.tests and _body(block, test.path) != _body(asked.files[path], test.path):
            yield Refusal(Fault.TESTS, path, f"it changes the test {test.path}; the tests must stay as they are")


def judge_file(path: str, text: str, taken: frozenset[str], asked: Asked) -> Iterator[Refusal]:
    """Refuse what a changed file holds and the given one did not."""
    given = asked.files[path].encode()
    data = text.encode()
    for problem in read_items(data).problems[:1]:
        if not read_items(given).problems:
            yield Refusal(Fault.UNREADABLE, path, f"this is no Rust, {problem}")
    stubs = {stub.path: stub for stub in find_stubs(data)}
    old = {stub.path for stub in find_stubs(given)}
    for name in sorted(stubs):
        if name in taken or name not in old:
            yield Refusal(Fault.STUB, name, "it is not written, only `todo!` or `unimplemented!`")
    yield from _judge_unsafe(path, given, data, asked)
    had = {each.text for each in find_forbidden(given)}
    for place in find_forbidden(data):
        if place.text not in had and not (place.kind == "foreign" and asked.allows_foreign):
            yield Refusal(_FORBIDDEN[place.kind], path, f"line {place.line} must not be there: `{place.text}`")
    yield from _judge_literals(path, given, data, asked)


def _judge_unsafe(path: str, given: bytes, data: bytes, asked: Asked) -> Iterator[Refusal]:
    before, after = count_unsafe(given), count_unsafe(data)
    if not asked.allows_unsafe and after.total > before.total:
        more = after.total - before.total
        yield Refusal(Fault.UNSAFE, path, f"it adds unsafe code in {more} place{'s' * (more > 1)}; write safe Rust")


def _judge_literals(path: str, given: bytes, data: bytes, asked: Asked) -> Iterator[Refusal]:
    """Refuse a branch on a value that only the tests know."""
    expected = {each.value for text in asked.tests.values() for each in find_literals(text.encode())}
    expected = {value for value in expected if len(value) >= _SHORTEST} - {each.value for each in find_literals(given)}
    for literal in find_literals(data):
        known = literal.value not in expected or _occurs(literal.value, asked.origin)
        if literal.compared and not literal.in_tests and not known:
            told = f"line {literal.line} decides by {literal.value!r}, which only the tests know"
            yield Refusal(Fault.HARD_CODED, path, told)
            return


def _occurs(value: str, origin: str) -> bool:
    """Tell whether the text that is translated holds a value: a number also in base 16."""
    forms = {value}
    if re.fullmatch(r"\d+", value):
        forms |= {hex(int(value)), hex(int(value)).upper().replace("0X", "0x")}
    elif re.fullmatch(r"0x[0-9a-fA-F]+", value):
        forms |= {str(int(value, 16)), value.lower(), f"0x{value[2:].upper()}"}
    return any(re.search(rf"(?<!\w){re.escape(form)}(?![\d])", origin) for form in forms)


def _body(text: str, path: str) -> str:
    item = read_items(text.encode()).find(path)
    if item is None or item.kind is not ItemKind.FUNCTION:
        return ""
    return _code(text.encode()[item.declared.start : item.declared.end].decode("utf-8", "replace"))


def _code(text: str) -> str:
    return "".join(text.split())
