from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path

import pytest

from repowright.benchmarks.repocraft.measure.clustering import Centroids
from repowright.benchmarks.repocraft.measure.coverage import Assignment, Coverage
from repowright.benchmarks.repocraft.measure.features import ENCODED, Features
from repowright.benchmarks.repocraft.measure.reference_tree import Leaf
from repowright.benchmarks.repocraft.measure.size import Size
from repowright.benchmarks.repocraft.projects import PROJECTS
from repowright.benchmarks.repocraft.report.gather import Given, gather
from repowright.benchmarks.repocraft.report.markdown import as_markdown
from repowright.benchmarks.repocraft.report.measured import Measured
from repowright.benchmarks.repocraft.report.model import Report, Row
from repowright.benchmarks.repocraft.report.page import as_html
from repowright.benchmarks.repocraft.report.published import MARK, MEAN, ROWS, rows_for
from repowright.benchmarks.repocraft.report.results import Evaluation, Means, Terms
from repowright.benchmarks.repocraft.report.writing import write_report
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import ArmResult, State, TaskVerdict

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)></td></style> | `x` [y](javascript:z) \x1b[31m\u202e"


def an_arm(arm: str, *states: State, project: str = "requests", ballots: Sequence[bool] = ()) -> ArmResult:
    verdicts = [
        TaskVerdict(
            task=f"{project}-{number}", state=state, ballots=tuple(ballots), voted=any(ballots) if ballots else None
        )
        for number, state in enumerate(states)
    ]
    return ArmResult(arm=arm, project=project, sandbox="bubblewrap", verdicts=tuple(verdicts))


def a_task(identity: str, text: str = "t") -> Task:
    return Task(
        id=identity,
        category=text,
        file=text,
        module="functions",
        cap=text,
        functions=("test_a",),
        query_code=text,
        alg_description=text,
        task_query=text,
        project="requests",
        version="1",
        sdist_sha256="",
        source_sha256="",
        described_by="template",
        grouped_by="syntax",
    )


def some_measured(text: str = "send a request") -> Measured:
    leaves = (Leaf(("Requests",), "methods"), Leaf(("Requests",), f"bodies {text}"))
    rows = (Assignment(text, 0, 0.8), Assignment("juggle", None, 0.1))
    fixed = Coverage(leaves, rows, Centroids.FIXED, "some", "none")
    return Measured(Size(3, 1234, 5678, "exact"), Features((text, "juggle"), ENCODED, 4), fixed, fixed)


P, F = State.PASSED, State.FAILED


def the_rows(given: Given) -> dict[str, Row]:
    return {row.system: row for row in gather([given]).projects[0].rows}


class Page(HTMLParser):
    VOID = frozenset({"meta", "img", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.heads: list[dict[str, str | None]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag == "th":
            self.heads.append(dict(attrs))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def test_passes_are_divided_by_the_ceiling_on_the_same_tasks() -> None:
    ours, real = an_arm("ours", P, F, P, F), an_arm("real", P, P, F, P, P, P)
    rows = the_rows(Given("requests", [Evaluation(ours)], {"real": real}))
    assert rows["ours"].of_ceiling == pytest.approx(100 * 2 / 3)
    assert rows["real"].passed is not None and (rows["real"].passed.hits, rows["real"].passed.of) == (3, 4)


def test_the_real_project_judged_the_same_way_is_the_better_ceiling() -> None:
    judged = Evaluation(an_arm("real", P, F, F, F, ballots=(True, True)))
    given = Given("requests", [Evaluation(an_arm("ours", P, P, F, F)), judged], {"real": an_arm("real", P, P, P, P)})
    found = gather([given]).projects[0]
    assert found.ceiling == "the real project, judged the same way"
    rows = {row.system: row for row in found.rows}
    assert rows["ours"].of_ceiling == 200
    assert rows["real, judged the same way"].kind == "control"
    assert [row.kind for row in found.rows] == ["run", "control", "control"]


@pytest.mark.parametrize("real", [None, an_arm("real", F, F), an_arm("real", P, project="other")])
def test_nothing_is_divided_by_a_ceiling_that_is_not_there(real: ArmResult | None) -> None:
    rows = the_rows(Given("requests", [Evaluation(an_arm("ours", P, P))], {"real": real} if real else {}))
    assert rows["ours"].of_ceiling is None


def test_every_state_but_passed_counts_as_failed() -> None:
    row = the_rows(Given("requests", [Evaluation(an_arm("ours", *State))]))["ours"]
    assert row.passed is not None and (row.passed.hits, row.passed.of) == (1, len(State))
    assert sum(row.states.values()) == len(State)


def test_missing_arms_and_hollow_tasks_are_said() -> None:
    controls = {"real": an_arm("real", P, P, P), "stubbed": an_arm("stubbed", P, F, F)}
    found = gather([Given("requests", [Evaluation(an_arm("ours", P, P, P))], controls)]).projects[0]
    assert any("missing: renamed, empty" in remark for remark in found.remarks)
    assert any("1 tasks pass in the stubbed arm" in remark and "requests-0" in remark for remark in found.remarks)
    assert found.tasks[0].controls == {"real": "passed", "stubbed": "passed"}


def test_tasks_that_were_not_evaluated_or_have_no_control_are_said() -> None:
    tasks = {f"requests-{number}": a_task(f"requests-{number}") for number in range(5)}
    given = Given("requests", [Evaluation(an_arm("ours", P, P, P))], {"real": an_arm("real", P, P)}, tasks=tasks)
    found = gather([given]).projects[0]
    assert any(remark.startswith("3 of 5 tasks were evaluated") for remark in found.remarks)
    assert any(remark.startswith("1 evaluated tasks are in no control arm") for remark in found.remarks)
    assert (found.described_by, found.grouped_by) == (("template",), ("syntax",))


@pytest.mark.parametrize(
    ("model", "judge", "words"), [("a", "b", "located and adapted"), ("b", "a", "voted on it"), ("b", "b", "")]
)
def test_a_generator_that_judges_itself_is_said(model: str, judge: str, words: str) -> None:
    means = Means(generator_model="a", model=model, judge_model=judge)
    remarks = gather([Given("requests", [Evaluation(an_arm("ours", P), means)])]).projects[0].remarks
    assert any("was written by a" in remark and words in remark for remark in remarks) == bool(words)


def test_two_results_are_compared_in_pairs() -> None:
    given = Given("requests", [Evaluation(an_arm("ours", P, P, P, F)), Evaluation(an_arm("theirs", F, F, P, F))])
    (pair,) = gather([given]).projects[0].compared
    assert (pair.first, pair.second, pair.points, pair.only_first, pair.only_second) == ("ours", "theirs", 50, 2, 0)


def test_code_is_not_credited_to_one_of_several_results() -> None:
    given = Given(
        "requests", [Evaluation(an_arm("ours", P)), Evaluation(an_arm("theirs", F))], repository=some_measured()
    )
    found = gather([given]).projects[0]
    assert all(row.lines is None for row in found.rows)
    assert any("stand in no row" in remark for remark in found.remarks)


def test_measured_code_stands_in_the_row() -> None:
    given = Given("requests", [Evaluation(an_arm("ours", P))], repository=some_measured(), real=some_measured())
    rows = the_rows(given)
    row = rows["ours"]
    assert (row.files, row.lines, row.tokens, row.novelty, row.novel, row.features, row.unbuilt) == (
        3,
        1234,
        5678,
        50,
        1,
        2,
        4,
    )
    assert row.coverage is not None and (row.coverage.hits, row.coverage.of) == (1, 2)
    assert rows["real"].coverage is not None and rows["real"].passed is None


def test_judges_are_told_with_agreement_and_cost() -> None:
    means = Means(
        model="m", judge_model="j", calls=7, prompt_tokens=100, completion_tokens=11, usd=0.5, terms=Terms(votes=3)
    )
    arm = an_arm("ours", P, P, ballots=(True, True, False))
    (judge,) = gather([Given("requests", [Evaluation(arm, means)])]).projects[0].judging
    assert (judge.tokens, judge.usd, judge.calls, judge.ballots, judge.unanimous) == (111, 0.5, 7, 6, 0)
    assert judge.kappa == pytest.approx((1 / 3 - 5 / 9) / (4 / 9))


def an_evil_report() -> Report:
    verdict = TaskVerdict(
        task=EVIL, state=State.FAILED, detail=f"{EVIL}\n{EVIL}", ballots=(True, False), voted=True, located=(EVIL,)
    )
    arm = ArmResult(arm=EVIL, project=EVIL, sandbox=EVIL, verdicts=(verdict,))
    means = Means(model=EVIL, judge_model=EVIL, generator_model=EVIL, terms=Terms(adapter=EVIL))
    task = a_task(EVIL, EVIL)
    given = Given(
        EVIL,
        [Evaluation(arm, means, {EVIL: task})],
        {"stubbed": arm.model_copy(update={"verdicts": (verdict.model_copy(update={"state": State.PASSED}),)})},
        some_measured(EVIL),
        remarks=(EVIL,),
    )
    return gather([given, Given("requests", [Evaluation(an_arm("theirs", P)), Evaluation(an_arm("ours", F))])])


def test_hostile_text_stays_text_on_the_page() -> None:
    text = as_html(an_evil_report())
    page = Page(text)
    assert not {"script", "img"} & set(page.tags) and not page.open
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "alert(1)" in "".join(page.words)


def test_the_page_asks_for_nothing_from_outside() -> None:
    page = Page(as_html(an_evil_report()))
    assert not [value for name, value in page.attributes if name in {"src", "srcset"} or "://" in (value or "")]
    assert all((value or "").startswith("#") for name, value in page.attributes if name == "href")
    assert any("default-src 'none'" in (value or "") for name, value in page.attributes if name == "content")


def test_every_head_says_what_it_heads() -> None:
    heads = Page(as_html(an_evil_report())).heads
    assert heads and {head.get("scope") for head in heads} == {"col", "row"}


def test_hostile_text_makes_neither_cells_nor_markup_in_markdown() -> None:
    text = as_markdown(an_evil_report())
    assert "<" not in text and "\x1b" not in text and "\u202e" not in text
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    assert len(tables) >= 5
    for table in tables:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    assert not re.findall(r"(?<!\\)(`|\]\()", text)


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    one, two = (write_report(an_evil_report(), tmp_path / name) for name in ("one", "two"))
    for first, second in ((one.html, two.html), (one.json, two.json), (one.markdown, two.markdown)):
        assert first.read_bytes() == second.read_bytes()
    assert json.loads(one.json.read_text())["schema"] == "repowright.repocraft.report/1"


def test_a_report_is_read_back_from_its_file(tmp_path: Path) -> None:
    report = gather([Given("requests", [Evaluation(an_arm("ours", P, F))])])
    assert Report.model_validate_json(write_report(report, tmp_path).json.read_bytes()) == report


def test_published_rows_are_marked_and_sourced_wherever_they_stand() -> None:
    report = gather([Given("requests", [Evaluation(an_arm("ours", P, F))])])
    assert {row.mark for row in report.published} == {MARK}
    assert all("arXiv" in row.source for row in report.published)
    assert as_html(report).count(MARK) == as_markdown(report).count(MARK) == len(report.published)


def test_published_rows_hold_the_tables_they_name() -> None:
    systems = {row.system for row in ROWS}
    assert {
        "ZeroRepo",
        "Claude Code",
        "Codex CLI",
        "Gemini CLI",
        "OpenHands",
        "Paper2Code",
        "MetaGPT",
        "ChatDev",
        "Repo0",
    } <= systems
    found = {(row.system, row.model, row.project): row for row in ROWS if "2509" in row.source or "2608" in row.source}
    ours = found["ZeroRepo", "o3-mini", MEAN]
    assert (ours.coverage, ours.novelty, ours.passed, ours.voted, ours.files, ours.lines) == (
        81.5,
        13.6,
        69.7,
        75.0,
        271.5,
        23_977,
    )
    easy = found["ZeroRepo", "o3-mini", "requests"]
    assert (easy.alias, easy.coverage, easy.passed, easy.voted, easy.lines) == ("HttpEasy", 100, 64, 72, 6_192)
    newer = found["Repo0", "DeepSeek-V3.2", "requests"]
    assert (newer.coverage, newer.passed, newer.voted) == (100, 78.1, None)
    rebuilt = [row for row in ROWS if "2602" in row.source and row.system == "from its RPG"]
    assert {(row.passed, row.voted) for row in rebuilt if row.project == MEAN} == {(85.8, 93.4), (86.0, 97.7)}
    assert len(rebuilt) == 2 + len(PROJECTS)


def test_published_shares_are_percent_and_projects_known() -> None:
    names = {project.name for project in PROJECTS}
    for row in ROWS:
        shares = [value for value in (row.coverage, row.novelty, row.passed, row.voted) if value is not None]
        assert shares and all(0 <= value <= 100 for value in shares)
        assert row.project in names | {MEAN}
        assert row.voted is None or row.passed is None or row.passed <= row.voted
    assert {row.project for row in rows_for(frozenset({"django"}))} == {MEAN, "django"}


def test_projects_count_the_same_in_the_mean() -> None:
    one = Given("requests", [Evaluation(an_arm("ours", P, P, P, P))], repository=some_measured())
    two = Given("django", [Evaluation(an_arm("ours", F, P, project="django"))])
    found = gather([one, two]).mean
    assert found is not None
    assert (found.projects, found.passed, found.voted, found.lines) == (2, 75, None, None)
    assert gather([one]).mean is None
    twice = Given("django", [*two.evaluations, *two.evaluations])
    assert gather([one, twice]).mean is None
