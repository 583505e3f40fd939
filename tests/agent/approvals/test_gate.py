from pathlib import Path

import pytest

from repowright.agent.approvals.gate import NEEDED, Answer, Ask, Call, Choice, Gate, Question
from repowright.agent.approvals.rule_files import PROJECT_RULES, RuleFiles
from repowright.agent.approvals.rules import Rule

PYTEST = Call("shell", "run", command="pytest -q tests/a.py")
EDIT = Call("edit", "edit", paths=("src/a.py",))


class Person:
    def __init__(self, choice: Choice, reason: str = "") -> None:
        self.answer = Answer(choice, reason)
        self.asked: list[Question] = []

    async def __call__(self, question: Question) -> Answer:
        self.asked.append(question)
        return self.answer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    return project


@pytest.fixture
def files(folder: Path, tmp_path: Path) -> RuleFiles:
    return RuleFiles(folder, tmp_path / "user")


async def test_what_mode_and_rules_decide_is_never_asked(folder: Path) -> None:
    person = Person("deny")
    gate = Gate(folder, "auto-edit")
    assert (await gate.allowed(EDIT, person)).allowed
    gate.mode = "plan"
    refused = await gate.allowed(EDIT, person)
    assert (refused.allowed, refused.by, person.asked) == (False, "rules", [])
    assert "plan mode" in refused.reason


async def test_once_holds_once(folder: Path) -> None:
    person = Person("once")
    gate = Gate(folder, "ask")
    for _ in range(2):
        decision = await gate.allowed(PYTEST, person)
        assert (decision.allowed, decision.by, decision.kept) == (True, "user", ())
    assert len(person.asked) == 2


async def test_an_approval_for_the_session_sticks_and_is_not_saved(folder: Path, files: RuleFiles) -> None:
    person = Person("session")
    gate = Gate(folder, "ask", files)
    await gate.allowed(PYTEST, person)
    assert (await gate.allowed(Call("shell", "run", command="ls && pytest -x"), None)).allowed
    assert not (await gate.allowed(Call("shell", "run", command="pytest -x && make"), None)).allowed
    assert not (folder / PROJECT_RULES).exists()
    resumed = Gate(folder, "ask", files, session=gate.session_rules)
    assert (await resumed.allowed(PYTEST, None)).allowed


async def test_an_approval_for_always_sticks_in_the_next_session(folder: Path, files: RuleFiles) -> None:
    person = Person("always")
    decision = await Gate(folder, "ask", files).allowed(PYTEST, person)
    assert decision.saved == folder / PROJECT_RULES
    assert decision.kept == (Rule(decision="allow", tool="shell", pattern="pytest *"),)
    assert (await Gate(folder, "ask", files).allowed(PYTEST, None)).allowed


async def test_the_scope_is_shown_before_it_is_kept(folder: Path) -> None:
    person = Person("deny")
    command = "ls; pytest -q && git commit -m x; echo y > out/log.txt"
    await Gate(folder, "ask").allowed(Call("shell", "run", command=command), person)
    (question,) = person.asked
    assert question.parts == ("pytest -q", "git commit -m x", "out/log.txt")
    assert question.scope == [
        "shell: any command that begins with `pytest`",
        "shell: any command that begins with `git commit`",
        "edit: every file below `out/`",
    ]


@pytest.mark.parametrize("command", ["eval x", "make $(git $y)", "pytest; echo x > .git/config", "make > /etc/x"])
async def test_what_must_be_asked_every_time_is_kept_by_no_answer(command: str, folder: Path, files: RuleFiles) -> None:
    person = Person("always")
    gate = Gate(folder, "ask", files)
    decision = await gate.allowed(Call("shell", "run", command=command), person)
    assert decision.allowed and decision.kept == () and person.asked[0].scope == []
    assert not (await gate.allowed(Call("shell", "run", command=command), None)).allowed


@pytest.mark.parametrize(
    ("call", "scope"),
    [
        (Call("git_commit", "publish", subject="Mend it"), ["git_commit: every call"]),
        (Call("run_tests", "run", subject="tests/a.py"), ["run_tests: every call"]),
        (Call("mcp.x.y", "reach"), ["mcp.x.y: every call"]),
        (Call("generate", "spend", subject="out"), ["generate: `out` alone"]),
    ],
)
async def test_a_tool_is_kept_as_a_whole_unless_it_costs_money(call: Call, scope: list[str], folder: Path) -> None:
    person = Person("session")
    gate = Gate(folder, "ask")
    assert (await gate.allowed(call, person)).allowed
    assert person.asked[0].scope == scope
    assert person.asked[0].parts != ("",)
    assert (await gate.allowed(call, None)).allowed


async def test_a_refusal_tells_the_reason(folder: Path) -> None:
    decision = await Gate(folder, "ask").allowed(EDIT, Person("deny", "use the other file"))
    assert (decision.allowed, decision.by, decision.reason) == (False, "user", "use the other file")


@pytest.mark.parametrize("call", [PYTEST, EDIT, Call("git_commit", "publish", subject="m")])
async def test_without_a_person_what_needs_one_is_refused(call: Call, folder: Path) -> None:
    nobody: Ask | None = None
    decision = await Gate(folder, "ask").allowed(call, nobody)
    assert (decision.allowed, decision.by) == (False, "nobody")
    assert decision.reason.startswith(NEEDED)


async def test_rules_of_the_repository_that_do_not_count_are_told(folder: Path, files: RuleFiles) -> None:
    (folder / PROJECT_RULES).parent.mkdir()
    (folder / PROJECT_RULES).write_text('[[rule]]\ndecision = "allow"\ntool = "*"\n')
    gate = Gate(folder, "ask", files)
    assert gate.dropped_rules == (Rule(decision="allow", tool="*"),)
    assert not (await gate.allowed(PYTEST, None)).allowed
