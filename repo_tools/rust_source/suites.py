"""The tests a Rust file holds, as its harness will name them."""

from __future__ import annotations

from dataclasses import dataclass

from repowright.repo_tools.rust_source.items import is_test_attribute, read_items


@dataclass(frozen=True)
class RustTest:
    """One test function."""

    path: str
    """Behind the modules of the file, such as ``tests::pushes``."""
    line: int
    ignored: bool
    should_panic: bool


def find_tests(source: bytes) -> tuple[RustTest, ...]:
    """Return the tests of a file in the order of the text."""
    return tuple(
        RustTest(
            path=item.path,
            line=item.line,
            ignored=any(_starts(each, "ignore") for each in item.attributes),
            should_panic=any(_starts(each, "should_panic") for each in item.attributes),
        )
        for item in read_items(source).functions()
        if any(is_test_attribute(each) for each in item.attributes)
    )


def _starts(attribute: str, name: str) -> bool:
    return attribute.split("(")[0].split("=")[0].strip() == name
