from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping

import pytest
from small_suites import (
    JAVA,
    JEST,
    LIMITS,
    NODE,
    RUST,
    VIRTUAL,
    VITEST,
    C,
    cargo_environment,
    local_framework,
    missing_tool,
    with_modules,
)

from repowright.executors import LocalSandbox, TestReport
from repowright.executors.testing.framework import Order, TestRequest, UnsupportedRequest
from repowright.executors.testing.run import run_tests

PROJECTS: Mapping[str, Mapping[str, bytes]] = {
    "cargo": RUST, "ctest": C, "node": NODE, "jest": JEST, "vitest": VITEST, "maven": JAVA,
}  # fmt: skip


@pytest.fixture(scope="module")
def local() -> Iterator[LocalSandbox]:
    sandbox = LocalSandbox()
    yield sandbox
    sandbox.close()


def run(local: LocalSandbox, name: str, request: TestRequest | None = None) -> TestReport:
    why = missing_tool(name)
    if why:
        pytest.skip(why)
    files = with_modules(PROJECTS[name]) if name == "vitest" else PROJECTS[name]
    limits = VIRTUAL if name == "vitest" else LIMITS
    environment = cargo_environment() if name == "cargo" else None
    return run_tests(local, files, local_framework(name), request, limits, environment)


def outcomes(report: TestReport) -> dict[str, str]:
    return {result.test: str(result.outcome) for result in report.results}


def messages(report: TestReport) -> dict[str, str]:
    return {result.test: result.message for result in report.results}


def test_cargo_reports_unit_integration_and_documentation_tests(local: LocalSandbox) -> None:
    report = run(local, "cargo")
    assert outcomes(report) == {
        "src/lib.rs::tests::passes": "passed",
        "src/lib.rs::tests::fails": "failed",
        "src/lib.rs::tests::skipped": "skipped",
        "src/lib.rs::tests::expected": "passed",
        "tests/outer.rs::outer": "passed",
        "src/lib.rs - sign (line 3)": "passed",
        "src/lib.rs - sign (line 7)": "failed",
    }
    assert messages(report)["src/lib.rs::tests::fails"] == 'assertion `left == right` failed: with "quotes"'
    assert messages(report)["src/lib.rs::tests::skipped"] == "not today"
    assert (report.exit_code, report.passed) == (101, False)


def test_cargo_runs_only_what_is_selected(local: LocalSandbox) -> None:
    wanted = ("src/lib.rs::tests::passes", "src/lib.rs - sign (line 3)")
    report = run(local, "cargo", TestRequest(wanted, order=Order(seed=3)))
    assert outcomes(report) == dict.fromkeys(wanted, "passed")
    assert report.passed
    assert outcomes(run(local, "cargo", TestRequest(("tests",)))) == {"tests/outer.rs::outer": "passed"}


def test_ctest_reports_what_it_could_not_run_as_errors(local: LocalSandbox) -> None:
    report = run(local, "ctest")
    assert outcomes(report) == {
        "passes": "passed",
        "fails": "failed",
        "crashes": "failed",
        "skips": "skipped",
        "absent": "error",
        "off": "skipped",
    }
    assert messages(report)["fails"] == "expected 1 <&>"
    assert messages(report)["absent"] == "Unable to find executable"


def test_node_reports_nested_tests_by_their_file(local: LocalSandbox) -> None:
    report = run(local, "node")
    assert outcomes(report) == {
        "test/sign.test.js::passes": "passed",
        "test/sign.test.js::fails": "failed",
        "test/sign.test.js::skipped": "skipped",
        "test/sign.test.js::todo": "skipped",
        "test/sign.test.js::group > inner": "passed",
        "test/sign.test.js::group > raises": "failed",
        "test/sign.test.js::group > deep > deeper": "passed",
    }
    assert messages(report)["test/sign.test.js::fails"] == "-1 == 1"


def test_node_runs_only_what_is_selected(local: LocalSandbox) -> None:
    report = run(local, "node", TestRequest(("test/sign.test.js::group > inner",), "src"))
    assert outcomes(report) == {"test/sign.test.js::group > inner": "passed"}
    assert report.coverage is not None
    assert {path: lines.missing for path, lines in report.coverage.items()} == {"src/sign.js": (2, 3, 4, 5, 6)}


@pytest.mark.parametrize("name", ["jest", "vitest"])
def test_jest_and_vitest_report_alike(local: LocalSandbox, name: str) -> None:
    report = run(local, name, TestRequest(coverage_of="src"))
    assert outcomes(report) == {
        "test/broken.test.js": "error",
        "test/none.test.js": "error",
        "test/sign.test.js::passes": "passed",
        "test/sign.test.js::fails": "failed",
        "test/sign.test.js::skipped": "skipped",
        "test/sign.test.js::later": "skipped",
        "test/sign.test.js::idle": "passed",
        "test/sign.test.js::group > raises": "failed",
        "test/sign.test.js::group > each 1": "passed",
        "test/sign.test.js::group > each -1": "passed",
    }
    assert report.coverage is not None
    assert list(report.coverage) == ["src/sign.js"]
    wanted = "test/sign.test.js::group > each -1"
    report = run(local, name, TestRequest((wanted,), order=Order(seed=1)))
    assert (outcomes(report), report.passed) == ({wanted: "passed"}, True)


def test_maven_reports_each_case_of_surefire(local: LocalSandbox) -> None:
    report = run(local, "maven")
    assert outcomes(report) == {
        "calc.CalcTest::passes": "passed",
        "calc.CalcTest::fails": "failed",
        "calc.CalcTest::raises": "error",
        "calc.CalcTest::skipped": "skipped",
        "calc.CalcTest::assumes": "skipped",
        "calc.CalcTest::each(int)[1]": "passed",
        "calc.CalcTest::each(int)[2]": "passed",
    }
    wanted = "calc.CalcTest::each(int)[2]"
    assert outcomes(run(local, "maven", TestRequest((wanted,)))) == {wanted: "passed"}


def test_ctest_selects_names_that_hold_signs(local: LocalSandbox) -> None:
    odd = "odd.name+(1)|[x]^$-"
    names = f'add_test(NAME "{odd}" COMMAND check passes)\nadd_test(NAME "oddXname" COMMAND check passes)\n'
    files = {**C, "CMakeLists.txt": C["CMakeLists.txt"] + names.encode()}
    if missing_tool("ctest"):
        pytest.skip(missing_tool("ctest"))
    report = run_tests(local, files, local_framework("ctest"), TestRequest((odd,)), LIMITS)
    assert (outcomes(report), report.notes) == ({odd: "passed"}, ())


def test_ctest_coverage_counts_lines_of_the_folder(local: LocalSandbox) -> None:
    report = run(local, "ctest", TestRequest(("passes",), "src"))
    assert (outcomes(report), report.passed) == ({"passes": "passed"}, True)
    assert report.coverage is not None
    found = {path: (lines.executed, lines.missing) for path, lines in report.coverage.items()}
    assert found == {"src/sign.c": ((1, 2, 5), (3,))}


def test_a_selection_that_matches_nothing_is_an_error(local: LocalSandbox) -> None:
    report = run(local, "node", TestRequest(("test/sign.test.js::absent",)))
    assert messages(report) == {"node": "not found: test/sign.test.js::absent"}
    assert not report.passed


@pytest.mark.parametrize("name", ["cargo", "ctest"])
def test_code_that_does_not_compile_is_an_error_with_the_place(local: LocalSandbox, name: str) -> None:
    broken = {"cargo": {**RUST, "tests/outer.rs": b"fn broken( {\n"}, "ctest": {**C, "src/sign.c": b"int sign(\n"}}
    why = missing_tool(name)
    if why:
        pytest.skip(why)
    environment = cargo_environment() if name == "cargo" else None
    report = run_tests(local, broken[name], local_framework(name), None, LIMITS, environment)
    assert set(outcomes(report).values()) == {"error"}
    shown = "".join(result.test + result.detail for result in report.results)
    assert {"cargo": "tests/outer.rs", "ctest": "src/sign.c"}[name] in shown
    assert not report.passed


@pytest.mark.parametrize(
    ("name", "request_", "why"),
    [
        ("ctest", TestRequest(order=Order(seed=1)), "ctest cannot run tests in a given order"),
        ("node", TestRequest(order=Order(seed=1)), "another order"),
        ("cargo", TestRequest(order=Order()), "cargo cannot reverse"),
        ("jest", TestRequest(order=Order()), "jest cannot reverse"),
        ("vitest", TestRequest(order=Order()), "vitest cannot reverse"),
        ("maven", TestRequest(coverage_of="src"), "no coverage by itself"),
    ],
)
def test_what_a_tool_cannot_do_is_refused(local: LocalSandbox, name: str, request_: TestRequest, why: str) -> None:
    with pytest.raises(UnsupportedRequest, match=why):
        run_tests(local, {}, local_framework(name), request_, LIMITS)


def test_cargo_says_that_coverage_needs_a_tool_it_lacks(local: LocalSandbox) -> None:
    environment = cargo_environment()
    if environment is None or shutil.which("cargo-llvm-cov") is not None:
        pytest.skip("needs a Rust toolchain without cargo-llvm-cov")
    report = run(local, "cargo", TestRequest(("tests/outer.rs",), coverage_of="src"))
    assert (report.passed, report.coverage) == (True, None)
    assert report.notes == ("coverage: cargo-llvm-cov gave none; it must be part of the toolchain",)
