"""JUnit XML of any tool, read as a stream: bounded, without entities, and told apart from one that was cut off."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from repowright.executors.testing.report import TestOutcome, TestResult

MOST_TESTS = 200_000
MOST_DEPTH = 100
TEXT_CHARACTERS = 64_000
"""Of one failure's text; what is longer is cut."""
_VERDICTS = {"failure": TestOutcome.FAILED, "error": TestOutcome.ERROR, "skipped": TestOutcome.SKIPPED}
_RANK = (TestOutcome.PASSED, TestOutcome.SKIPPED, TestOutcome.FAILED, TestOutcome.ERROR)
_COUNTS = {"failures": TestOutcome.FAILED, "errors": TestOutcome.ERROR}


@dataclass(frozen=True)
class JUnitCase:
    """One ``testcase`` element."""

    name: str
    group: str
    """Its class, else the suites it stands in."""
    file: str
    status: str
    outcome: TestOutcome
    message: str
    detail: str
    duration_s: float
    output: str = ""
    """What the test wrote to its standard output, where the tool tells."""

    def result(self, test: str) -> TestResult:
        """The result under the name that its framework gives it."""
        return TestResult(test, self.outcome, self.message, self.detail, self.duration_s)


@dataclass(frozen=True)
class JUnitReport:
    """The cases of one file; ``problem`` says why it is not all that the tool meant to write."""

    cases: tuple[JUnitCase, ...] = ()
    problem: str = ""


class _RefusedXml(ValueError):
    """The document holds what no test report needs."""


@dataclass
class _Open:
    """A ``testcase`` whose end has not come."""

    attributes: dict[str, str]
    group: str
    outcome: TestOutcome = TestOutcome.PASSED
    message: str = ""
    kind: str = ""
    todo: bool = False
    text: list[str] = field(default_factory=list)
    output: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self) -> None:
        self.cases: list[JUnitCase] = []
        self.declared: list[tuple[str, int, dict[str, str]]] = []
        self.problem = ""
        self._path: list[str] = []
        self._suites: list[tuple[str, int, dict[str, str]]] = []
        self._case: _Open | None = None
        self._collecting: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if len(self._path) > MOST_DEPTH:
            raise _RefusedXml(f"it is nested more than {MOST_DEPTH} deep")
        if tag == "testsuite":
            self._suites.append((attributes.get("name", ""), len(self.cases), attributes))
        elif tag == "testcase":
            self._case = _Open(attributes, " > ".join(name for name, _, _ in self._suites if name))
        elif tag in _VERDICTS and self._case is not None and self._path[-2] == "testcase":
            self._judge(self._case, tag, attributes)
        elif tag == "system-out" and self._case is not None:
            self._collecting = self._case.output

    def _judge(self, case: _Open, tag: str, attributes: dict[str, str]) -> None:
        outcome = _VERDICTS[tag]
        # Node writes a failure beside a test that is still to do, and does not count it.
        case.todo = case.todo or attributes.get("type") == "todo"
        if case.todo:
            outcome = TestOutcome.SKIPPED
        if _RANK.index(outcome) > _RANK.index(case.outcome):
            case.outcome = outcome
            case.message, case.kind = attributes.get("message", ""), attributes.get("type", "")
        self._collecting = case.text

    def text(self, text: str) -> None:
        if self._collecting is not None and sum(map(len, self._collecting)) <= TEXT_CHARACTERS:
            self._collecting.append(text)

    def end(self, tag: str) -> None:
        self._path.pop()
        if tag in _VERDICTS or tag == "system-out":
            self._collecting = None
        elif tag == "testcase" and self._case is not None:
            self._close(self._case)
        elif tag == "testsuite" and self._suites:
            self._check_counts(*self._suites.pop())

    def _close(self, case: _Open) -> None:
        if len(self.cases) >= MOST_TESTS:
            raise _RefusedXml(f"it holds more than {MOST_TESTS} tests")
        name, own = case.attributes.get("name", ""), case.attributes.get
        detail = "".join(case.text).strip()[:TEXT_CHARACTERS]
        message = case.message or detail.partition("\n")[0] or case.kind
        group = own("classname") or case.group
        duration = _seconds(own("time", ""))
        file, status, output = own("file", ""), own("status", ""), "".join(case.output)[:TEXT_CHARACTERS]
        self.cases.append(JUnitCase(name, group, file, status, case.outcome, message, detail, duration, output))
        self._case = None

    def _check_counts(self, name: str, first: int, attributes: dict[str, str]) -> None:
        """Compare the counts a suite declares with the cases it holds."""
        found = len(self.cases) - first
        declared = attributes.get("tests", "")
        if declared.isdigit() and int(declared) > found:
            self.problem = self.problem or f"suite {name!r} declares {declared} tests and holds {found}"
        wrong = sum(case.outcome in {TestOutcome.FAILED, TestOutcome.ERROR} for case in self.cases[first:])
        said = sum(int(attributes[key]) for key in _COUNTS if attributes.get(key, "").isdigit())
        if said and not wrong:
            self.problem = self.problem or f"suite {name!r} declares {said} failures and holds none"

    def refuse_entity(self, *_: object) -> None:
        raise _RefusedXml("it declares entities")


def read_junit(data: bytes) -> JUnitReport:
    """Read one JUnit XML file; what stands before a break is kept, and the break is named."""
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.EntityDeclHandler = reader.refuse_entity
    try:
        parser.Parse(data, True)
    except expat.ExpatError as err:
        return JUnitReport(tuple(reader.cases), f"the report is no complete XML: {err}")
    except (_RefusedXml, ValueError) as err:
        return JUnitReport(tuple(reader.cases), f"the report is refused: {err}")
    return JUnitReport(tuple(reader.cases), reader.problem)


def results_of(report: JUnitReport) -> tuple[TestResult, ...]:
    """Results of a foreign run, such as pytest's or unittest's, named ``group::name``."""
    return tuple(
        case.result("::".join(part for part in (case.file or case.group, case.name) if part)) for case in report.cases
    )


def _seconds(text: str) -> float:
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return 0.0
    return seconds if 0 <= seconds < 1e9 else 0.0
