from __future__ import annotations

import pytest
from small_suites import JAVA, JEST, NODE, RUST, C

from repowright.executors.testing.detect import FRAMEWORKS, detect_frameworks, framework_named
from repowright.executors.testing.framework import TOLD_BY_RUN, UnsupportedRequest


def names(files: dict[str, bytes]) -> list[tuple[str, str]]:
    return [(each.name, each.folder) for each in detect_frameworks(files)]


def test_each_framework_is_known_by_its_project() -> None:
    assert names(dict(RUST)) == [("cargo", "")]
    assert names(dict(C)) == [("ctest", "")]
    assert names(dict(NODE)) == [("node", "")]
    assert names(dict(JAVA)) == [("maven", "")]
    assert names({**JEST, "package.json": b'{"devDependencies": {"jest": "29"}}'}) == [("jest", "")]
    assert names({"package.json": b'{"devDependencies": {"vitest": "3"}}'}) == [("vitest", "")]
    assert names({"package.json": b'{"scripts": {"test": "node --test test/"}}'}) == [("node", "")]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("pyproject.toml", b"[tool.pytest.ini_options]\n"),
        ("pytest.ini", b"[pytest]\n"),
        ("setup.cfg", b"[tool:pytest]\n"),
        ("tox.ini", b"[pytest]\n"),
        ("tests/conftest.py", b""),
        ("tests/test_a.py", b"def test_a(): pass\n"),
        ("pkg/a_test.py", b""),
    ],
)
def test_pytest_is_known_by_its_settings_or_its_tests(path: str, text: bytes) -> None:
    assert names({path: text}) == [("pytest", "")]


def test_a_repository_of_several_languages_uses_several() -> None:
    files = {**RUST, "python/pyproject.toml": b"[tool.pytest.ini_options]\n", "web/package.json": JEST["package.json"]}
    files["web/package.json"] = b'{"devDependencies": {"jest": "29", "vitest": "3"}}'
    assert names(files) == [("cargo", ""), ("pytest", "python"), ("jest", "web"), ("vitest", "web")]


def test_members_of_a_workspace_and_vendored_projects_are_not_named() -> None:
    files = {
        "Cargo.toml": b"[workspace]\nmembers = ['one']\n",
        "one/Cargo.toml": b"[package]\nname = 'one'\n",
        "node_modules/x/package.json": b'{"devDependencies": {"jest": "29"}}',
        "vendor/y/CMakeLists.txt": b"enable_testing()\n",
    }
    assert names(files) == [("cargo", "")]


def test_a_comment_enables_nothing() -> None:
    assert names({"CMakeLists.txt": b"# enable_testing()\n"}) == []
    assert names({"CMakeLists.txt": b"Include( CTest )\n"}) == [("ctest", "")]


@pytest.mark.parametrize("name", ["pyproject.toml", "Cargo.toml", "package.json", "setup.cfg", "pom.xml"])
def test_a_declaration_that_cannot_be_read_says_nothing(name: str) -> None:
    for data in (b"\xff\xfe{[", b"", b"[" * 100_000, b'"text"'):
        assert names({name: data}) == []


def test_frameworks_are_had_by_name() -> None:
    assert [framework_named(name).name for name in FRAMEWORKS] == list(FRAMEWORKS)
    assert set(FRAMEWORKS) == TOLD_BY_RUN
    with pytest.raises(UnsupportedRequest, match="'nose'"):
        framework_named("nose")
