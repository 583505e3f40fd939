"""Which files and definitions are test code: by convention and content together, never by a name alone.

``django/test/client.py``, ``sklearn/utils/testing.py`` and ``src/testament.py`` are product code. What makes a test
is a test runner's own rule (it collects ``test_*.py``, Go builds no ``_test.go``) with tests in the file to show
for it, or a folder that holds nothing but the repository's tests.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from repowright.graph.encode.file_names import stem_of
from repowright.repo_tools.facts import MODULE, Definition, FileFacts

_TREES = frozenset(["tests", "__tests__", "__mocks__", "testsuite", "test-suite", "e2e", "testdata"])
"""Folders that hold tests and what they need wherever they stand."""

_ROOT_TREES = frozenset(["test", "testing", "spec", "specs", "t"])
"""Folders that do so at the top of a repository; deeper ones, such as ``django/test``, may be a product's part."""

_JAVA_TREE = re.compile(r"(^|/)src/\w*[tT]est\w*/")
_PYTHON_FRAMEWORKS = ("pytest", "unittest", "nose", "hypothesis", "testtools", "django.test", "twisted.trial")
_PYTHON_NAME = re.compile(r"(^|_)tests?(_|$)|^test")
_SCRIPT_NAME = re.compile(r"\.(test|spec|cy|e2e)\.[cm]?[jt]sx?$")
_SCRIPT_FRAMEWORKS = (
    "vitest",
    "@jest/",
    "jest",
    "mocha",
    "chai",
    "node:test",
    "@playwright/",
    "@testing-library/",
    "ava",
)
_SCRIPT_CALLS = frozenset(["describe", "it", "test", "suite"])
_C_NAME = re.compile(r"(^|[_-])(unit)?tests?([_-]|$)|^test|[a-z]Test$")
_C_FRAMEWORKS = (
    "check.h",
    "cmocka.h",
    "unity.h",
    "gtest/",
    "catch2/",
    "catch.hpp",
    "CUnit/",
    "criterion/",
    "greatest.h",
)
_JAVA_FRAMEWORKS = ("org.junit", "org.testng", "junit.framework", "kotlin.test")
_JAVA_TEST = re.compile(r"(^|\.)(\w*Test|TestFactory|TestTemplate|BeforeEach|AfterEach|BeforeAll|AfterAll)(\(|$)")
_RUST_CONFIGURED = re.compile(r"^\[?\s*cfg\s*\((?!\s*not\b)[^)]*\btest\b")
_RUST_TEST = re.compile(r"^\[?\s*(\w+::)*(test|rstest|test_case|bench|proptest|quickcheck)\b")


def is_test(path: str, facts: FileFacts) -> bool:
    """Whether a file is test code: tests, their fixtures and their helpers.

    Examples
    --------
    >>> test = Definition("function", "test_add", "test_add", (1, 2), "def test_add()")
    >>> is_test("shop/test_cart.py", FileFacts("shop/test_cart.py", "python", definitions=(test,)))
    True
    >>> is_test("shop/test_cart.py", FileFacts("shop/test_cart.py", "python"))
    False
    >>> is_test("django/test/client.py", FileFacts("django/test/client.py", "python"))
    False
    """
    folders = path.split("/")[:-1]
    if folders and (folders[0] in _ROOT_TREES or not _TREES.isdisjoint(folders)):
        return True
    decide = _BY_LANGUAGE.get(facts.language)
    return decide is not None and decide(path, facts)


def is_test_definition(facts: FileFacts, index: int) -> bool:
    """Whether a definition says of itself, or one around it says, that only tests use it.

    Tests that live among product code are found: Rust's ``#[cfg(test)]`` and ``#[test]``, JUnit's ``@Test``.
    """
    marks = _MARKS.get(facts.language)
    while marks is not None and index != MODULE:
        definition = facts.definitions[index]
        if definition.decorators and marks(definition):
            return True
        index = definition.parent
    return False


def _is_rust_test(definition: Definition) -> bool:
    return any(_RUST_CONFIGURED.match(each) or _RUST_TEST.match(each) for each in definition.decorators)


def _is_java_test(definition: Definition) -> bool:
    return any(_JAVA_TEST.search(each) for each in definition.decorators)


_MARKS: Mapping[str, Callable[[Definition], bool]] = {"rust": _is_rust_test, "java": _is_java_test}


def _python(path: str, facts: FileFacts) -> bool:
    stem = stem_of(path)
    if stem == "conftest":
        return True
    if _test_case_classes(facts):
        return True
    if not _PYTHON_NAME.search(stem):
        return False
    if not _collected(facts.definitions):
        return False
    return stem.startswith("test_") or stem.endswith("_test") or _imports(facts, _PYTHON_FRAMEWORKS)


def _collected(definitions: tuple[Definition, ...]) -> bool:
    """Whether there is a test function, or a ``Test`` class that has one, as pytest collects them."""
    for each in definitions:
        if each.name.startswith("test") and each.kind in ("function", "method"):
            around = definitions[each.parent].name if each.parent != MODULE else "Test"
            if around.startswith("Test"):
                return True
    return False


def _test_case_classes(facts: FileFacts) -> set[int]:
    """Classes that inherit from a test case and have tests of their own."""
    cases = {each.scope for each in facts.inheritances if each.base.rpartition(".")[2].endswith(("TestCase", "Tests"))}
    if not cases:
        return cases
    return {each.parent for each in facts.definitions if each.parent in cases and each.name.startswith("test")}


def _imports(facts: FileFacts, modules: tuple[str, ...]) -> bool:
    return any(each.module.startswith(modules) for each in facts.imports)


def _go(path: str, facts: FileFacts) -> bool:
    return path.endswith("_test.go")


def _rust(path: str, facts: FileFacts) -> bool:
    tests = [each for each in facts.definitions if each.parent == MODULE and _is_rust_test(each)]
    return any(each.kind == "function" for each in tests)


def _java(path: str, facts: FileFacts) -> bool:
    if _JAVA_TREE.search(path):
        return True
    if any(each.base == "TestCase" or each.base.endswith(".TestCase") for each in facts.inheritances):
        return any(each.kind == "method" and each.name.startswith("test") for each in facts.definitions)
    return _imports(facts, _JAVA_FRAMEWORKS) and any(_is_java_test(each) for each in facts.definitions)


def _script(path: str, facts: FileFacts) -> bool:
    calls = any(each.callee.partition(".")[0] in _SCRIPT_CALLS for each in facts.calls if each.scope == MODULE)
    return calls and (_SCRIPT_NAME.search(path) is not None or _imports(facts, _SCRIPT_FRAMEWORKS))


def _c(path: str, facts: FileFacts) -> bool:
    if any(framework in each.module for each in facts.imports for framework in _C_FRAMEWORKS):
        return True
    if not _C_NAME.search(stem_of(path)):
        return False
    return any(each.kind == "function" and _C_NAME.search(each.name) for each in facts.definitions)


_BY_LANGUAGE: Mapping[str, Callable[[str, FileFacts], bool]] = {
    "python": _python,
    "go": _go,
    "rust": _rust,
    "java": _java,
    "javascript": _script,
    "typescript": _script,
    "tsx": _script,
    "c": _c,
}
