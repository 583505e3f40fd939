from __future__ import annotations

import pytest

from repowright.graph.encode.test_code import is_test, is_test_definition
from repowright.repo_tools.facts import MODULE, Call, Definition, DefinitionKind, FileFacts, Import, Inheritance


def define(kind: DefinitionKind, name: str, parent: int = MODULE, *decorators: str) -> Definition:
    return Definition(kind, name, name, (1, 2), "", "", decorators, parent)


def module(name: str) -> Import:
    return Import(name, "", "", 0, 1)


TEST_FUNCTION = define("function", "test_add")
PYTEST = (module("pytest"),)


@pytest.mark.parametrize(
    "path",
    [
        "tests/helpers.py",
        "shop/tests/data/rows.py",
        "test/fixture.c",
        "testing/freeze/run.py",
        "web/__tests__/cart.js",
        "shop/testdata/input.go",
    ],
)
def test_everything_below_a_tests_folder_is_test_code(path: str) -> None:
    assert is_test(path, FileFacts(path, "python"))


@pytest.mark.parametrize(
    "path",
    [
        "django/test/client.py",
        "sklearn/utils/testing.py",
        "src/testament.py",
        "shop/latest.py",
        "shop/contest/entry.py",
        "plugins/test/core.py",
        "shop/test_runner.py",
        "setup.py",
    ],
)
def test_no_name_makes_product_code_a_test(path: str) -> None:
    product = (define("class", "TestClient"), define("method", "get", 0), define("function", "run"))
    assert not is_test(path, FileFacts(path, "python", 9, product, imports=(module("unittest"),)))


@pytest.mark.parametrize("path", ["shop/test_cart.py", "shop/cart_test.py"])
def test_a_collected_file_with_tests_is_test_code(path: str) -> None:
    assert is_test(path, FileFacts(path, "python", 9, (TEST_FUNCTION,)))
    methods = (define("class", "TestCart"), define("method", "test_add", 0))
    assert is_test(path, FileFacts(path, "python", 9, methods))


def test_other_names_need_a_test_framework_too() -> None:
    facts = FileFacts("jinja2/tests.py", "python", 9, (TEST_FUNCTION,))
    assert not is_test("jinja2/tests.py", facts)
    assert is_test("shop/tests.py", facts._replace(imports=PYTEST))


def test_a_test_case_with_tests_is_test_code_whatever_its_file_is_called() -> None:
    definitions = (define("class", "Cart"), define("method", "test_add", 0))
    facts = FileFacts(
        "shop/checks.py", "python", 9, definitions, inheritances=(Inheritance(0, "unittest.TestCase", 1),)
    )
    assert is_test("shop/checks.py", facts)


def test_a_base_of_test_cases_is_product_code() -> None:
    definitions = (define("class", "TestCase"), define("method", "setUp", 0))
    bases = (Inheritance(0, "unittest.TestCase", 1),)
    facts = FileFacts(
        "django/test/testcases.py", "python", 9, definitions, imports=(module("unittest"),), inheritances=bases
    )
    assert not is_test("django/test/testcases.py", facts)


def test_conftest_is_test_code() -> None:
    assert is_test("shop/conftest.py", FileFacts("shop/conftest.py", "python"))


def test_go_builds_no_test_files() -> None:
    assert is_test("shop/cart_test.go", FileFacts("shop/cart_test.go", "go"))
    assert not is_test("shop/test_cart.go", FileFacts("shop/test_cart.go", "go"))


def test_junit_makes_java_tests() -> None:
    path = "app/src/main/java/CartTest.java"
    definitions = (define("class", "CartTest"), define("method", "adds", 0, "Test"))
    facts = FileFacts(path, "java", 9, definitions)
    assert not is_test(path, facts)
    assert is_test(path, facts._replace(imports=(module("org.junit.jupiter.api.Test"),)))
    assert is_test("app/src/test/java/Shop.java", FileFacts("app/src/test/java/Shop.java", "java"))


@pytest.mark.parametrize(("path", "expected"), [("src/cart.test.ts", True), ("src/cart.ts", False)])
def test_scripts_are_tests_by_name_and_calls(path: str, expected: bool) -> None:
    facts = FileFacts(path, "typescript", 9, calls=(Call(MODULE, "describe", 3),))
    assert is_test(path, facts) is expected
    assert not is_test(path, facts._replace(calls=()))
    assert is_test(path, facts._replace(imports=(module("vitest"),)))


def test_c_tests_show_tests() -> None:
    facts = FileFacts("src/test_list.c", "c", 9, (define("function", "test_push"),))
    assert is_test("src/test_list.c", facts)
    assert not is_test("src/test_list.c", facts._replace(definitions=(define("function", "push"),)))
    assert is_test("src/checks.c", FileFacts("src/checks.c", "c", 9, imports=(module("<check.h>"),)))


def test_rust_modules_for_tests_are_marked_inside_product_files() -> None:
    definitions = (
        define("function", "add"),
        define("namespace", "tests", MODULE, "cfg(test)"),
        define("function", "adds", 1, "test"),
        define("function", "helper", 1),
        define("function", "release_only", MODULE, "cfg(not(test))"),
    )
    facts = FileFacts("src/cart.rs", "rust", 9, definitions)
    assert [is_test_definition(facts, index) for index in range(5)] == [False, True, True, True, False]
    assert not is_test("src/cart.rs", facts)


def test_a_rust_file_of_tests_is_test_code() -> None:
    facts = FileFacts("src/cart/checks.rs", "rust", 9, (define("function", "adds", MODULE, "tokio::test"),))
    assert is_test("src/cart/checks.rs", facts)
