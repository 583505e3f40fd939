from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from repowright.executors.testing.cargo import CargoFramework
from repowright.executors.testing.ctest import CtestFramework
from repowright.executors.testing.framework import OUTPUT, Reading, Setting, StepRun, TestRequest
from repowright.executors.testing.jest_report import name_pattern, read_jest
from repowright.executors.testing.junit import MOST_DEPTH, TEXT_CHARACTERS, read_junit, results_of
from repowright.executors.testing.libtest import LibtestReading, read_build
from repowright.executors.testing.line_coverage import merged, read_gcov, read_istanbul, read_lcov
from repowright.executors.testing.maven import MavenFramework
from repowright.executors.testing.node import NodeFramework, NodeReading
from repowright.executors.testing.report import FileCoverage, TestOutcome, TestResult

REPORTS = Path(__file__).parent / "reports"
SETTING = Setting(TestRequest(), "python", "0" * 32)


def recorded(name: str) -> bytes:
    return (REPORTS / name).read_bytes()


def outcomes(results: Sequence[TestResult]) -> dict[str, str]:
    return {result.test: str(result.outcome) for result in results}


def step(reports: Mapping[str, bytes], exit_code: int = 1, name: str = "test") -> StepRun:
    return StepRun(name, exit_code, 1.0, reports)


def test_junit_of_a_foreign_pytest_run() -> None:
    report = read_junit(recorded("pytest.xml"))
    assert report.problem == ""
    assert outcomes(results_of(report)) == {
        "test_sample::test_passes": "passed",
        "test_sample::test_fails": "failed",
        "test_sample::test_skipped": "skipped",
        "test_sample::test_expected": "skipped",
        "test_sample::test_teardown": "error",
        "test_sample.TestGroup::test_method": "passed",
    }
    assert results_of(report)[1].message == "AssertionError: a < b & c\nassert 1 == 2"


def test_junit_of_node_nests_suites() -> None:
    report = read_junit(recorded("node.xml"))
    assert [(case.name, case.outcome) for case in report.cases if case.outcome is TestOutcome.FAILED] == [
        ("fails", TestOutcome.FAILED),
        ("raises", TestOutcome.FAILED),
    ]
    assert {case.name for case in report.cases} >= {"inner", "deeper", "todo"}


def test_surefire_cases_keep_their_kind_and_trace() -> None:
    path = "target/surefire-reports/TEST-calc.CalcTest.xml"
    reading = MavenFramework().read(SETTING, [step({path: recorded("surefire.xml")})], "")
    assert reading.problems == ()
    found = {result.test: result for result in reading.results}
    assert found["calc.CalcTest::raises"].outcome is TestOutcome.ERROR
    assert found["calc.CalcTest::raises"].message == "broken"
    assert found["calc.CalcTest::assumes"].message.endswith("Assumption failed: not here")
    assert found["calc.CalcTest::fails"].detail.startswith("org.opentest4j.AssertionFailedError")
    assert found["calc.CalcTest::each(int)[1]"].duration_s > 0


def test_ctest_counts_a_test_it_could_not_start_as_an_error() -> None:
    reading = CtestFramework().read(SETTING, [step({"ctest.xml": recorded("ctest.xml")}, 8)], "")
    assert outcomes(reading.results) == {
        "passes": "passed",
        "fails": "failed",
        "crashes": "failed",
        "skips": "skipped",
        "absent": "error",
        "off": "skipped",
    }


@pytest.mark.parametrize("name", ["jest.json", "vitest.json"])
def test_jest_and_vitest_reports_read_alike(name: str) -> None:
    reading = read_jest(recorded(name), 1, ())
    assert reading.problems == ()
    assert outcomes(reading.results) == {
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


def test_jest_names_tests_that_assert_nothing() -> None:
    assert read_jest(recorded("jest.json"), 1, ()).notes == ("asserts nothing: test/sign.test.js::idle",)


@pytest.mark.parametrize("name", ["jest.json", "vitest.json"])
def test_a_jest_report_at_odds_with_itself_or_its_process_is_a_problem(name: str) -> None:
    data = recorded(name)
    assert "the process ended with code 0" in read_jest(data, 0, ()).problems[0]
    forged = data.replace(b'"numFailedTests":2', b'"numFailedTests":0')
    assert forged != data
    assert read_jest(forged, 1, ()).problems == ("the report's own counts differ from the tests it lists",)
    assert read_jest(data[: len(data) // 2], 1, ()).problems[0].startswith("the report is no complete JSON")


def test_libtest_events_of_one_executable() -> None:
    reading = LibtestReading("src/lib.rs::")
    reading.read(recorded("libtest.jsonl"))
    reading.end(101, "src/lib.rs")
    assert reading.problems == []
    assert outcomes(reading.results) == {
        "src/lib.rs::tests::passes": "passed",
        "src/lib.rs::tests::fails": "failed",
        "src/lib.rs::tests::skipped": "skipped",
        "src/lib.rs::tests::expected": "passed",
    }


def test_libtest_events_that_stop_or_lie_are_problems() -> None:
    data = recorded("libtest.jsonl")
    lines = data.splitlines(keepends=True)

    def problems(text: bytes, code: int) -> list[str]:
        reading = LibtestReading("")
        reading.read(text)
        reading.end(code, "lib")
        return reading.problems + [result.message for result in reading.results if "before" in result.message]

    assert problems(data, 0) == ["lib: ended with code 0, which its report does not explain"]
    assert problems(b"", 0) == ["lib: ended with code 0 and wrote no report of its tests"]
    assert any("before the test finished" in text for text in problems(b"".join(lines[:4]), 0))
    forged = b'{ "type": "test", "name": "never_began", "event": "ok" }\n'
    assert problems(lines[0] + forged + b"".join(lines[1:]), 101)[0] == "never_began: ended without having started"
    assert problems(data.replace(b'"passed": 2', b'"passed": 3'), 101)[0].startswith("the harness counts (3, 1, 1)")
    assert problems(data + b"".join(lines[:-1]), 101) == ["lib: ended with code 101 before its report did"]
    noisy = data.replace(b'{ "type": "test", "event": "started"', b'half a line{ "type": "test", "event": "started"')
    assert problems(noisy, 101) == []


def test_cargo_without_the_report_of_an_executable_is_a_problem() -> None:
    build = step({OUTPUT: recorded("cargo-build.jsonl")}, 0, "build")
    reading = CargoFramework().read(SETTING, [build, step({}, 0)], "")
    assert len(reading.problems) == 2
    assert all(problem.endswith("its tests were not run to the end") for problem in reading.problems)


def test_compiler_messages_name_the_executables_and_the_errors() -> None:
    build = read_build(recorded("cargo-build.jsonl"))
    assert sorted(build.executables.values()) == ["src/lib.rs", "tests/outer.rs"]
    assert (build.has_doctests, build.finished, build.errors) == (True, True, ())
    error = (
        b'{"reason":"compiler-message","message":{"message":"expected item","level":"error","rendered":"error: ...",'
        b'"spans":[{"file_name":"src/lib.rs","line_start":3,"is_primary":true}]}}\n'
    )
    assert [(each.test, each.message) for each in read_build(error).errors] == [
        ("src/lib.rs", "does not compile: expected item")
    ]


def test_node_events_become_named_results() -> None:
    reading = NodeReading()
    reading.read(recorded("node.jsonl"))
    assert reading.ended
    assert outcomes(reading.results)["test/sign.test.js::group > deep > deeper"] == "passed"
    assert reading.unfinished() == []


def test_node_events_without_the_runners_own_counts_are_a_problem() -> None:
    lines = recorded("node.jsonl").splitlines(keepends=True)
    without = b"".join(line for line in lines if b"cancelled 0" not in line)
    reading = NodeFramework().read(SETTING, [step({OUTPUT: without})], "")
    assert reading.problems[0].startswith("the runner counts {'pass': 3, 'fail': 2,")
    assert NodeFramework().read(SETTING, [step({OUTPUT: recorded("node.jsonl")})], "").problems == ()


def test_node_events_that_stop_are_a_problem() -> None:
    lines = recorded("node.jsonl").splitlines(keepends=True)
    cut = b"".join(lines[:12])[:-5]
    reading = NodeFramework().read(SETTING, [step({OUTPUT: cut}, 0)], "")
    assert reading.problems == ("the report stops before the run's end",)
    assert "the test process ended before the test finished" in {result.message for result in reading.results}


@pytest.mark.parametrize("size", [300, 900, 2000])
def test_half_an_xml_keeps_its_whole_cases_and_says_so(size: int) -> None:
    whole = read_junit(recorded("surefire.xml"))
    part = read_junit(recorded("surefire.xml")[:size])
    assert part.problem.startswith("the report is no complete XML")
    assert part.cases == whole.cases[: len(part.cases)]


def test_an_entity_bomb_is_refused_unread() -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "x">{entities}]><testsuite><testcase name="&e11;"/></testsuite>'
    assert read_junit(bomb.encode()).problem == "the report is refused: it declares entities"
    reading = (
        '<!DOCTYPE a [<!ENTITY file SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&file;"/></testsuite>'
    )
    assert read_junit(reading.encode()).problem == "the report is refused: it declares entities"


def test_depth_and_text_of_a_report_are_bounded() -> None:
    deep = b"<testsuite>" * (MOST_DEPTH + 1)
    assert "nested more than" in read_junit(deep).problem
    text = b"x" * (4 * TEXT_CHARACTERS)
    report = read_junit(b'<testsuite><testcase name="a"><failure>' + text + b"</failure></testcase></testsuite>")
    assert len(report.cases[0].detail) <= TEXT_CHARACTERS


def test_a_suite_that_declares_more_than_it_holds_is_a_problem() -> None:
    fewer = b'<testsuite name="s" tests="2" failures="0"><testcase name="a"/></testsuite>'
    assert read_junit(fewer).problem == "suite 's' declares 2 tests and holds 1"
    hidden = b'<testsuite name="s" tests="1" failures="1"><testcase name="a"/></testsuite>'
    assert read_junit(hidden).problem == "suite 's' declares 1 failures and holds none"


def test_values_that_are_no_numbers_do_no_harm() -> None:
    odd = (
        b'<testsuite name="s" tests="many"><testcase name="a" time="soon"/><testcase name="b" time="nan"/></testsuite>'
    )
    report = read_junit(odd)
    assert ([case.duration_s for case in report.cases], report.problem) == ([0.0, 0.0], "")


def test_line_coverage_of_each_tool() -> None:
    assert read_istanbul(recorded("jest-coverage.json"), "src") == {"src/sign.js": FileCoverage((2, 3, 5, 7), ())}
    vitest = read_istanbul(recorded("vitest-coverage.json"), "src")
    assert vitest is not None
    assert list(vitest) == ["src/sign.js"]
    assert read_gcov(recorded("gcov.jsonl"), "src") == {"src/sign.c": FileCoverage((1, 2, 3, 5), ())}
    assert list(read_gcov(recorded("gcov.jsonl"), ".")) == ["src/sign.c", "tests/check.c"]
    assert read_lcov(recorded("node.lcov"), "src") == {"src/sign.js": FileCoverage((1, 2, 3, 4, 5, 6), ())}
    assert read_istanbul(b"{half", ".") is None


def test_coverage_of_several_runs_is_what_any_executed() -> None:
    one, two = FileCoverage((1,), (2, 3)), FileCoverage((3,), (1, 2))
    assert merged([{"a.py": one}, {"a.py": two, "b.py": one}]) == {"a.py": FileCoverage((1, 3), (2,)), "b.py": one}


def test_a_name_pattern_matches_exactly_the_titles() -> None:
    assert name_pattern(["a.js::group > one (1)", "a.js::two #2"]) == r"^(group one \(1\)|two)$"
    assert name_pattern(["a.js", "a.js::two"]) == ""


def test_a_framework_that_ran_nothing_reads_as_nothing() -> None:
    for framework in (CargoFramework(), CtestFramework(), NodeFramework(), MavenFramework()):
        assert framework.read(SETTING, [], "") == Reading()
