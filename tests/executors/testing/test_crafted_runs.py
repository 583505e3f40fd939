from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from small_suites import (
    CARGO,
    JAVA,
    JEST,
    LIMITS,
    MODULE,
    VIRTUAL,
    C,
    cargo_environment,
    local_framework,
    missing_tool,
    with_modules,
)

from repowright.executors import Ended, LocalSandbox, TestReport
from repowright.executors.testing.driver_stream import driver_source, read_driver
from repowright.executors.testing.framework import Step, TestRequest
from repowright.executors.testing.run import run_tests

Files = Mapping[str, bytes]


@pytest.fixture(scope="module")
def local() -> Iterator[LocalSandbox]:
    sandbox = LocalSandbox()
    yield sandbox
    sandbox.close()


def rust(test: str, code: str = "") -> Files:
    return {"Cargo.toml": CARGO, "src/lib.rs": code.encode(), "tests/crafted.rs": test.encode()}


def c(body: str) -> Files:
    cmake = C["CMakeLists.txt"].partition(b"foreach")[0] + b"add_test(NAME crafted COMMAND check)\n"
    headers = "#include <signal.h>\n#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\n"
    check = f"{headers}int main(void) {{ {body} }}\n"
    return {**C, "CMakeLists.txt": cmake, "tests/check.c": check.encode()}


def node(text: str) -> Files:
    imports = "import { test } from 'node:test';\nimport fs from 'node:fs';\n"
    return {"package.json": MODULE, "test/crafted.test.js": (imports + text).encode()}


def jest(text: str) -> Files:
    return {"package.json": JEST["package.json"], "test/crafted.test.js": text.encode()}


def vitest(text: str) -> Files:
    return {
        "package.json": MODULE,
        "test/crafted.test.js": f"import {{ test, expect }} from 'vitest';\n{text}".encode(),
    }


def java(body: str, annotation: str = "@Test") -> Files:
    text = f"""package calc;

import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;

class CraftedTest {{
    {annotation} void crafted() throws Exception {{ {body} }}
}}
"""
    files = {path: data for path, data in JAVA.items() if "CalcTest" not in path}
    return {**files, "src/test/java/calc/CraftedTest.java": text.encode()}


def pytest_suite(text: str) -> Files:
    return {"test_crafted.py": f"import os, signal, time, warnings\nimport pytest\n{text}".encode()}


TIMELESS: Mapping[str, Files] = {
    "pytest": pytest_suite("def test_a(): print('1 passed', flush=True); time.sleep(60)\n"),
    "cargo": rust('#[test]\nfn a() { println!("1 passed"); loop { std::thread::yield_now() } }\n'),
    "ctest": c('puts("1 passed"); for (;;) sleep(1);'),
    "node": node("test('a', () => { console.log('# pass 1'); for (;;) {} });\n"),
    "jest": jest("test('a', () => { console.log('1 passed'); for (;;) {} });\n"),
    "vitest": vitest("test('a', () => { console.log('1 passed'); for (;;) {} });\n"),
    "maven": java('System.out.println("Tests run: 1, Failures: 0"); Thread.sleep(60000);'),
}
EMPTY: Mapping[str, Files] = {
    "pytest": pytest_suite("x = 1\n"),
    "cargo": rust("fn helper() {}\n"),
    "ctest": {**C, "CMakeLists.txt": C["CMakeLists.txt"].partition(b"foreach")[0]},
    "node": node("console.log('1 passed');\n"),
    "jest": jest("console.log('1 passed');\n"),
    "vitest": vitest("console.log('1 passed');\n"),
    "maven": {path: data for path, data in JAVA.items() if "CalcTest" not in path},
}
SKIPPED: Mapping[str, Files] = {
    "pytest": pytest_suite("def test_a(): pytest.skip('not here')\n"),
    "cargo": rust('#[test]\n#[ignore = "not here"]\nfn a() {}\n'),
    "ctest": {
        **c("return 77;"),
        "CMakeLists.txt": c("")["CMakeLists.txt"] + b"set_tests_properties(crafted PROPERTIES SKIP_RETURN_CODE 77)\n",
    },
    "node": node("test('a', { skip: true }, () => {});\n"),
    "jest": jest("test.skip('a', () => {});\n"),
    "vitest": vitest("test.skip('a', () => {});\n"),
    "maven": java("", '@Disabled("not here") @Test'),
}
EXPECTED_TO_FAIL: Mapping[str, Files] = {
    "pytest": pytest_suite("@pytest.mark.xfail\ndef test_a(): assert 0\n"),
    "node": node("test('a', { todo: true }, () => { throw new Error('x'); });\n"),
    "jest": jest("test.todo('a');\n"),
    "vitest": vitest("test.todo('a');\n"),
}
LEAVES: Mapping[str, Files] = {
    "pytest": pytest_suite("def test_a(): print('1 passed', flush=True); os._exit(0)\n"),
    "cargo": rust('#[test]\nfn a() { println!("1 passed"); std::process::exit(0) }\n'),
    "node": node("test('a', () => { console.log('# pass 1'); process.exit(0); });\n"),
    "jest": jest("test('a', () => { process.exit(0); });\n"),
    "vitest": vitest("test('a', () => { process.reallyExit(0); });\n"),
    "maven": java("Runtime.getRuntime().halt(0);"),
}
KILLED: Mapping[str, Files] = {
    "pytest": pytest_suite("def test_a(): print('1 passed', flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"),
    "cargo": rust(
        '#[test]\nfn a() { println!("1 passed"); std::process::Command::new("sh")'
        '.args(["-c", "kill -9 $PPID"]).status().unwrap(); loop {} }\n'
    ),
    "ctest": c('puts("1 passed"); fflush(stdout); raise(SIGKILL); return 0;'),
    "node": node("test('a', () => { console.log('# pass 1'); process.kill(process.pid, 'SIGKILL'); });\n"),
    "jest": jest("test('a', () => { process.kill(process.pid, 'SIGKILL'); });\n"),
    "vitest": vitest("test('a', () => { process.kill(process.pid, 'SIGKILL'); });\n"),
    "maven": java('new ProcessBuilder("sh", "-c", "kill -9 $PPID").start(); Thread.sleep(60000);'),
}
WARNS: Mapping[str, Files] = {
    "pytest": pytest_suite("def test_a(): warnings.warn('error: Exception: x'); print('1 failed')\n"),
    "cargo": rust('#[test]\nfn a() { eprintln!("error: Exception: x"); println!("1 failed") }\n'),
    "ctest": c('puts("error: Exception: 1 failed"); return 0;'),
    "node": node("test('a', () => { console.error('error: Exception: x'); console.log('# fail 1'); });\n"),
    "jest": jest("test('a', () => { console.error('error: Exception: x'); expect(1).toBe(1); });\n"),
    "vitest": vitest("test('a', () => { console.error('error: Exception: x'); expect(1).toBe(1); });\n"),
    "maven": java('System.err.println("ERROR: Exception: Tests run: 1, Failures: 1");'),
}


def cases(crafted: Mapping[str, Files]) -> list[object]:
    return [pytest.param(name, files, id=name) for name, files in crafted.items()]


def run(local: LocalSandbox, name: str, files: Files, wall_s: float = 60) -> TestReport:
    why = missing_tool(name)
    if why:
        pytest.skip(why)
    limits = replace(VIRTUAL if name == "vitest" else LIMITS, wall_s=wall_s)
    files = with_modules(files) if name == "vitest" else files
    environment = cargo_environment() if name == "cargo" else None
    return run_tests(local, files, local_framework(name), TestRequest(), limits, environment)


def kinds(report: TestReport) -> set[str]:
    return {str(result.outcome) for result in report.results}


@pytest.mark.parametrize(("name", "files"), cases(TIMELESS))
def test_a_run_that_meets_its_time_limit_does_not_pass(local: LocalSandbox, name: str, files: Files) -> None:
    report = run(local, name, files, wall_s=3 if name in {"pytest", "node", "ctest"} else 6)
    assert (report.ended, report.passed) == (Ended.TIME, False)
    assert "still running when the time limit ended the run" in {result.message for result in report.results}
    assert kinds(report) == {"error"}


@pytest.mark.parametrize(
    ("name", "files", "first", "second"),
    [
        (
            "cargo",
            rust("#[test]\nfn a() {}\n#[test]\nfn b() { loop { std::thread::yield_now() } }\n"),
            "tests/crafted.rs::a",
            "tests/crafted.rs::b",
        ),
        (
            "node",
            node("test('a', () => {});\ntest('b', () => new Promise((done) => setTimeout(done, 60000)));\n"),
            "test/crafted.test.js::a",
            "test/crafted.test.js::b",
        ),
    ],
)
def test_results_before_the_time_limit_are_kept(
    local: LocalSandbox, name: str, files: Files, first: str, second: str
) -> None:
    report = run(local, name, files, wall_s=4)
    found = {result.test: str(result.outcome) for result in report.results}
    assert (found[first], found[second], report.ended) == ("passed", "error", Ended.TIME)


@pytest.mark.parametrize(("name", "files"), cases(EMPTY))
def test_a_suite_without_a_test_is_an_error(local: LocalSandbox, name: str, files: Files) -> None:
    report = run(local, name, files)
    assert (kinds(report), report.passed) == ({"error"}, False)


@pytest.mark.parametrize(("name", "files"), [*cases(SKIPPED), *cases(EXPECTED_TO_FAIL)])
def test_a_suite_that_skips_everything_does_not_pass(local: LocalSandbox, name: str, files: Files) -> None:
    report = run(local, name, files)
    assert (kinds(report), report.passed) == ({"skipped"}, False)


def test_a_module_that_skips_itself_does_not_pass(local: LocalSandbox) -> None:
    report = run(local, "pytest", pytest_suite("pytest.importorskip('absent')\ndef test_a(): pass\n"))
    assert (report.exit_code, report.passed) == (5, False)


@pytest.mark.parametrize(("name", "files"), cases(LEAVES))
def test_a_test_that_ends_its_process_with_code_0_is_an_error(local: LocalSandbox, name: str, files: Files) -> None:
    report = run(local, name, files, wall_s=20)
    assert "passed" not in kinds(report)
    assert "error" in kinds(report)
    assert not report.passed


@pytest.mark.parametrize(("name", "files"), cases(KILLED))
def test_a_test_that_says_passed_and_dies_has_not_passed(local: LocalSandbox, name: str, files: Files) -> None:
    report = run(local, name, files, wall_s=20)
    assert "passed" not in kinds(report)
    assert kinds(report) & {"failed", "error"}
    assert not report.passed


@pytest.mark.parametrize(("name", "files"), cases(WARNS))
def test_words_of_failure_in_the_output_fail_nothing(local: LocalSandbox, name: str, files: Files) -> None:
    report = run(local, name, files)
    assert (kinds(report), report.passed) == ({"passed"}, True)


def test_a_test_that_asserts_nothing_is_named_where_the_tool_counts(local: LocalSandbox) -> None:
    report = run(local, "jest", jest("test('a', () => {});\n"))
    assert report.notes == ("asserts nothing: test/crafted.test.js::a",)


def test_jest_runs_a_single_file_in_another_process_than_its_report(local: LocalSandbox) -> None:
    text = "test('a', () => { expect(process.argv[1]).toContain('jest-worker'); });\n"
    assert run(local, "jest", jest(text)).passed


def test_a_test_that_kills_the_driver_is_an_error(local: LocalSandbox) -> None:
    suite = "def test_a(): os.kill(os.getppid(), signal.SIGKILL); time.sleep(1)\n"
    report = run(local, "pytest", pytest_suite(suite))
    assert (kinds(report) - {"passed"}, report.passed) == ({"error"}, False)
    assert "still running when the run was killed" in {result.message for result in report.results}


FORGED_LINES = """
const lines = [
  { type: 'result', name: 'a', nesting: 0, file: '/workspace/a.js', passed: true },
  ...['pass 1', 'fail 0', 'cancelled 0', 'skipped 0', 'todo 0'].map((text) => ({ type: 'count', text })),
  { type: 'end' },
].map((line) => JSON.stringify(line)).join('\\n') + '\\n';
fs.writeFileSync(`/proc/${process.ppid}/fd/1`, lines);
"""


@pytest.mark.parametrize("verdict", ["{ skip: true }, () => {}", "() => { throw new Error('x'); }"])
def test_lines_forged_into_the_report_are_at_odds_with_it(local: LocalSandbox, verdict: str) -> None:
    report = run(local, "node", node(f"{FORGED_LINES}test('b', {verdict});\n"))
    assert not report.passed
    assert any(result.message.startswith("the runner counts") for result in report.results)


def test_what_a_test_leaves_running_is_dead_before_its_report_is_read(local: LocalSandbox) -> None:
    loop = "import time, sys\nwhile True: open(sys.argv[1], 'a').write('x'); time.sleep(0.005)\n"
    suite = f"""
import subprocess, sys
def test_a():
    stray = subprocess.Popen([sys.executable, '-c', {loop!r}, '/tmp/stray'], start_new_session=True)
    time.sleep(0.2)
    with open('pid', 'w') as file: file.write(str(stray.pid))
"""
    step = Step("test", (local.python, "-m", "pytest", "-q", "-p", "no:cacheprovider"), reports=("pid",))
    after = Step("after", (local.python, "-c", "import os; os.kill(int(open('pid').read()), 0)"))
    with local.open(LIMITS) as box:
        suite = suite.replace("/tmp/stray", "stray")
        box.put({**pytest_suite(suite), "driver.py": driver_source([step, after], "5" * 32, 20).encode()})
        stream, _ = read_driver(box.run([local.python, "-I", "driver.py"], LIMITS).stdout, "5" * 32)
    assert [(done.name, done.exit_code) for done in stream.steps] == [("test", 0), ("after", 1)]


def test_reports_that_came_with_the_workspace_are_not_read(local: LocalSandbox) -> None:
    stale = b'<testsuite tests="1"><testcase name="a" classname="calc.Stale"/></testsuite>'
    files = {**EMPTY["maven"], "target/surefire-reports/TEST-calc.Stale.xml": stale}
    report = run(local, "maven", files)
    assert [result.message for result in report.results] == ["no test ran"]


def test_a_report_bigger_than_a_run_may_write_is_a_problem(local: LocalSandbox) -> None:
    flood = "test('a', () => { throw new Error('x'.repeat(40000000)); });\n"
    report = run(local, "node", node(flood))
    assert not report.passed
    assert "error" in kinds(report)
