from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from repowright.agent import events as e
from repowright.agent.results import FileLines, RunResults, TestRecord, write_results
from repowright.agent.run import Run
from repowright.executors import TestOutcome
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG
from repowright.graph.records import Place
from repowright.graph.serial import save
from repowright.tui.report.facts import gather
from repowright.tui.report.page import write_report
from repowright.tui.report.tree import Branch, branches

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></style></svg>"


def a_graph(text: str = "keep tasks") -> RPG:
    rpg = RPG.new("list", text)
    area = rpg.add(NodeKind.AREA, f"storage {text}", rpg.root.id, feature=text)
    file = rpg.add(NodeKind.FILE, "store.py", area.id, place=Place("src/a/store.py"), feature=text)
    place = Place("src/a/store.py", "Store", signature=f"class Store:  # {text}")
    unit = rpg.add(NodeKind.CLASS, "Store", file.id, place=place, state=State.VERIFIED, doc=text)
    rpg.add(NodeKind.FEATURE, text, unit.id, feature=text)
    other = rpg.add(NodeKind.FILE, "cli.py", area.id, place=Place("src/a/cli.py"))
    rpg.connect(other.id, file.id, EdgeKind.IMPORTS)
    return rpg


class Page(HTMLParser):
    VOID = frozenset({"meta", "rect", "path", "img", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str | None] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def page_of(run: Run) -> Page:
    return Page(write_report(run).read_text(encoding="utf-8"))


def test_the_page_tells_the_whole_run(told_run: Run) -> None:
    save(a_graph(), told_run.graph)
    tests = (
        TestRecord(test="tests/t.py::test_a", outcome=TestOutcome.PASSED),
        TestRecord(
            test="tests/t.py::test_b", outcome=TestOutcome.FAILED, message="assert 1 == 2", detail="E  assert 1 == 2"
        ),
    )
    coverage = (FileLines(path="src/a/store.py", executed=3, missing=1),)
    write_results(told_run, RunResults(tests=tests, coverage=coverage))
    page = page_of(told_run)
    for words in (
        "delivered with failing units",
        "1 passed, 1 failed, 0 errors, 0 skipped",
        "tests/t.py::test_b",
        "class Store",
        "75 %",
        "the spec says so",
        "blamed on code",
        "never returns",
        "not fixed",
        "passes on the stub",
        "area A is empty",
        "ended by a limit",
        "network: connect to 10.0.0.1:80",
        "0123456789 Add Store",
        "of things to do",
    ):
        assert words in page.text
    assert page.open == []
    assert "svg" in page.tags


def test_failing_tests_come_before_everything_else(told_run: Run) -> None:
    write_results(told_run, RunResults(tests=(TestRecord(test="t::bad", outcome=TestOutcome.ERROR, detail="boom"),)))
    text = page_of(told_run).text
    assert text.index("boom") < text.index("Planned")
    assert text.index("src/a/cli.py") < text.index("src/a/store.py")


def test_a_run_that_has_only_begun_has_a_page(run: Run) -> None:
    page = page_of(run)
    assert "interrupted" in page.text
    assert "There is no plan yet." in page.text
    assert page.open == []


def evil_events() -> Iterator[e.Event]:
    yield e.RunStart(title=EVIL, model=EVIL, endpoint=EVIL, sandbox=EVIL, out=EVIL, budget=EVIL)
    yield e.StageStart(stage=EVIL, title=EVIL)
    yield e.Decision(stage=EVIL, subject=EVIL, what=EVIL, why=EVIL, evidence=[EVIL])
    yield e.UnitEnd(unit=EVIL, name=EVIL, path=EVIL, state="failed", tests=1, attempts=1, reason=EVIL)
    vote = e.Vote(blame="plan", culprit=EVIL, reason=EVIL)
    yield e.Attribution(unit="u", name=EVIL, failing=[EVIL], votes=[vote], verdict=EVIL, culprit=EVIL)
    yield e.Repair(unit="u", name=EVIL, target=EVIL, attempt=1, fixed=False)
    yield e.TestsRejected(unit="u", name=EVIL, tests=[EVIL], reason=EVIL)
    yield e.ReplyRejected(task=EVIL, subject=EVIL, problems=[EVIL], round=1)
    yield e.LintRound(stage=EVIL, round=1, findings=[EVIL])
    yield e.SandboxRun(purpose=EVIL, subject=EVIL, backend=EVIL, ended=EVIL, seconds=1)
    yield e.FileWritten(path=EVIL, lines=1)
    yield e.Commit(sha="0" * 40, subject=EVIL)
    yield e.Warning(message=EVIL)
    yield e.Failure(error="X", message=EVIL, hint=EVIL)
    yield e.RunEnd(status="error", exit_code=3, resume=EVIL, out=EVIL)


def test_what_a_model_wrote_is_inert(run: Run) -> None:
    save(a_graph(EVIL), run.graph)
    tests = (TestRecord(test=EVIL, outcome=TestOutcome.FAILED, message=EVIL, detail=EVIL),)
    write_results(run, RunResults(tests=tests, coverage=(FileLines(path=EVIL, executed=1, missing=1),)))
    log = run.log()
    for event in evil_events():
        log(event)
    log.close()
    page = page_of(run)
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert page.text.count("alert(1)") > 25
    assert page.open == []


def test_the_page_needs_nothing_but_itself(told_run: Run) -> None:
    save(a_graph(), told_run.graph)
    page = page_of(told_run)
    links = [value or "" for name, value in page.attributes if name in ("src", "href", "xlink:href")]
    assert all(value.startswith("#") for value in links)
    assert [value[1:] for value in links if value[1:] not in page.ids] == []
    assert not {"link", "iframe", "object", "script"} & set(page.tags)
    text = told_run.report.read_text(encoding="utf-8")
    assert "@import" not in text and "url(http" not in text
    assert "default-src 'none'" in text


def test_the_page_is_the_same_every_time(told_run: Run) -> None:
    save(a_graph(), told_run.graph)
    assert write_report(told_run).read_bytes() == write_report(told_run).read_bytes()


def test_cost_is_charged_to_the_stage_that_ran(story: list[e.Event]) -> None:
    facts = gather(story)
    assert [(stage.name, stage.calls, stage.reused, stage.tokens) for stage in facts.stages.values()] == [
        ("proposal", 1, 0, 1500),
        ("code", 1, 1, 1500),
    ]
    assert facts.total.seconds == 13.0


def test_a_resumed_run_is_not_judged_by_its_first_end(story: list[e.Event]) -> None:
    facts = gather([*story, story[0]])
    assert (facts.end, facts.failure) == (None, None)


def test_findings_mended_in_a_later_round_are_not_open(story: list[e.Event]) -> None:
    assert [found.stage for found in gather(story).open_findings] == ["proposal"]
    assert gather([*story, e.LintRound(stage="proposal", round=2, findings=[])]).open_findings == []


@pytest.mark.parametrize(("limit", "depth"), [(100, 4), (4, 2), (1, 0)])
def test_a_plan_too_large_to_show_is_cut_by_levels(limit: int, depth: int) -> None:
    def height(branch: Branch) -> int:
        return 1 + max(map(height, branch.children)) if branch.children else 0

    assert height(branches(a_graph(), limit)) == depth
