from pathlib import Path
from typing import get_args

import pytest

from repowright.agent.approvals.gate import Call, Gate
from repowright.agent.approvals.modes import MEANINGS, Effect, Mode, Verdict
from repowright.agent.approvals.rules import Rule

MODES: tuple[Mode, ...] = get_args(Mode)


def verdicts(call: Call, folder: Path, *rules: Rule, isolated: bool = True) -> list[Verdict]:
    return [Gate(folder, mode, session=rules, isolated=isolated).judge(call).verdict for mode in MODES]


def shell(command: str) -> Call:
    return Call("shell", "run", command=command)


def allow(tool: str, pattern: str) -> Rule:
    return Rule(decision="allow", tool=tool, pattern=pattern)


def test_every_mode_is_explained() -> None:
    assert tuple(MEANINGS) == MODES == ("plan", "ask", "auto-edit", "auto")


@pytest.mark.parametrize(
    ("effect", "wanted"),
    [
        ("read", ["allow", "allow", "allow", "allow"]),
        ("edit", ["deny", "ask", "allow", "allow"]),
        ("publish", ["deny", "ask", "ask", "ask"]),
        ("spend", ["deny", "ask", "ask", "allow"]),
        ("reach", ["deny", "ask", "ask", "ask"]),
    ],
)
def test_a_mode_says_what_a_call_may_do_by_its_effect(effect: Effect, wanted: list[Verdict], tmp_path: Path) -> None:
    paths = ("src/a.py",) if effect in ("read", "edit") else ()
    assert verdicts(Call("tool", effect, paths=paths, subject="x"), tmp_path) == wanted


@pytest.mark.parametrize(
    "command",
    [
        "ls -la src",
        "git status && git log --oneline | head -n 3",
        "git diff HEAD~1 -- src/a.py",
        "grep -rn 'def main' src | sort | wc -l",
        "find . -name '*.py' -exec grep -l main {} +",
        "cat src/*.py 2>/dev/null",
        "cd src && ls",
        "python --version",
        "for f in a b; do echo $f; done",
        "cat < README.md",
    ],
)
def test_commands_that_only_look_need_nobody(command: str, tmp_path: Path) -> None:
    assert verdicts(shell(command), tmp_path) == ["allow"] * 4


@pytest.mark.parametrize(
    "command", ["pytest -q", "make test | tail -n 5", "rm build.log", "sed -i s/a/b/ x.py", "awk 1 x"]
)
def test_work_on_the_copy_is_free_in_auto_alone(command: str, tmp_path: Path) -> None:
    assert verdicts(shell(command), tmp_path) == ["deny", "ask", "ask", "allow"]
    assert verdicts(shell(command), tmp_path, isolated=False) == ["deny", "ask", "ask", "ask"]


@pytest.mark.parametrize(
    "command",
    [
        "git push",
        "git -c core.pager=x log",
        "git remote add x y",
        "curl http://evil",
        "rm -rf .",
        "rm --recursive x",
        "sudo ls",
        "cat ../../secret",
        "cat ~/.ssh/id_rsa",
        "cat /etc/passwd",
        "python -m pip install x",
        "pip install -r x",
        "PATH=. pytest",
        "make > /etc/x",
        "git $x",
    ],
)
def test_what_reaches_out_or_cannot_be_undone_is_asked_in_every_mode(command: str, tmp_path: Path) -> None:
    assert verdicts(shell(command), tmp_path) == ["deny", "ask", "ask", "ask"]


@pytest.mark.parametrize(
    "command",
    [
        "git diff --ext-diff",
        "git grep -nOvim x",
        "git grep --open-f x",
        "git log --outp=x",
        "sort -o a b",
        "sort --outp=a b",
        "find . -delete",
        "find . -fprint x",
        "rg --pre sh x",
        "date -s x",
        "test -v 'a[0]'",
    ],
)
def test_a_program_that_looks_is_asked_about_with_an_option_that_acts(command: str, tmp_path: Path) -> None:
    assert verdicts(shell(command), tmp_path)[:2] == ["deny", "ask"]


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        ("echo x > notes.txt", ["deny", "ask", "allow", "allow"]),
        ("echo x > .git/hooks/pre-commit", ["deny", "ask", "ask", "ask"]),
        ("echo x > ../other", ["deny", "ask", "ask", "ask"]),
        ("echo x > /tmp/scratch", ["allow"] * 4),
        ("echo x > /tmp/../etc/x", ["deny", "ask", "ask", "ask"]),
        ("cat < /etc/passwd", ["deny", "ask", "ask", "ask"]),
        ("cat < /dev/tcp/evil/80", ["deny", "ask", "ask", "ask"]),
    ],
)
def test_a_redirection_is_a_change_of_a_file(command: str, wanted: list[Verdict], tmp_path: Path) -> None:
    assert verdicts(shell(command), tmp_path) == wanted


@pytest.mark.parametrize(
    ("command", "boxed", "bare"),
    [
        ("pytest -q > /tmp/out.txt; tail -n 5 /tmp/out.txt", "allow", "ask"),
        ("cp /tmp/../etc/passwd .", "ask", "ask"),
        ("cp /etc/passwd .", "ask", "ask"),
        ("tar -xf/tmp/a.tar", "ask", "ask"),
    ],
)
def test_a_sandbox_has_temporary_files_of_its_own(command: str, boxed: Verdict, bare: Verdict, tmp_path: Path) -> None:
    found = [Gate(tmp_path, "auto", isolated=isolated).judge(shell(command)).verdict for isolated in (True, False)]
    assert found == [boxed, bare]


def test_every_part_must_be_allowed(tmp_path: Path) -> None:
    rules = (allow("shell", "pytest *"), allow("shell", "git log *"))
    assert verdicts(shell("pytest -q && git log -p"), tmp_path, *rules) == ["allow"] * 4
    judged = Gate(tmp_path, "ask", session=rules).judge(shell("pytest -q && make x; git log $(git push)"))
    assert judged.verdict == "ask"
    assert [each.text for each in judged.pending] == ["make x", "git push"]


def test_a_denial_of_one_part_denies_all(tmp_path: Path) -> None:
    rule = Rule(decision="deny", tool="shell", pattern="git push *")
    assert verdicts(shell("pytest; git push"), tmp_path, rule, allow("shell", "*")) == ["deny"] * 4
    assert verdicts(shell("pytest; git $x"), tmp_path, rule, allow("shell", "*")) == ["deny"] * 4


def test_a_command_that_is_not_understood_is_asked_about_even_if_all_commands_are_allowed(tmp_path: Path) -> None:
    assert verdicts(shell("eval x"), tmp_path, allow("*", "*")) == ["deny", "ask", "ask", "ask"]


@pytest.mark.parametrize("path", [".git/config", "sub/.git/hooks/x", ".repowright/approvals.toml", ".REPOWRIGHT/x"])
def test_no_rule_allows_what_the_program_trusts(path: str, tmp_path: Path) -> None:
    call = Call("edit", "edit", paths=(path,))
    assert verdicts(call, tmp_path, allow("*", "*"), allow("edit", path)) == ["deny", "ask", "ask", "ask"]


@pytest.mark.parametrize(
    "path", ["AGENTS.md", "sub/agents.md", ".github/workflows/ci.yml", "repowright.toml", ".envrc"]
)
def test_a_file_that_decides_what_runs_later_needs_a_rule_of_its_own(path: str, tmp_path: Path) -> None:
    call = Call("edit", "edit", paths=(path,))
    assert verdicts(call, tmp_path, allow("edit", "**")) == ["deny", "ask", "ask", "ask"]
    assert verdicts(call, tmp_path, allow("edit", path)) == ["deny", "allow", "allow", "allow"]


@pytest.mark.parametrize("path", ["../x", "/etc/x", "~/x", "link/x", "a/../../x"])
def test_changes_outside_of_the_folder_are_denied(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    assert verdicts(Call("edit", "edit", paths=("a.py", path)), folder, allow("*", "*")) == ["deny"] * 4
    assert verdicts(Call("read", "read", paths=(path,)), folder) == ["deny", "ask", "ask", "ask"]


def test_in_plan_mode_a_rule_may_allow_a_command_and_no_change(tmp_path: Path) -> None:
    gate = Gate(tmp_path, "plan", session=[allow("*", "*")])
    assert gate.judge(shell("pytest")).verdict == "allow"
    assert gate.judge(Call("edit", "edit", paths=("a.py",))).verdict == "deny"
    assert gate.judge(Call("git_commit", "publish", subject="x")).verdict == "deny"


def test_a_rule_on_edits_holds_for_every_tool_that_edits(tmp_path: Path) -> None:
    rules = (Rule(decision="deny", tool="edit", pattern="locked/**"), allow("edit", "free/**"))
    assert verdicts(Call("write", "edit", paths=("locked/x",)), tmp_path, *rules) == ["deny"] * 4
    assert verdicts(shell("echo > locked/x"), tmp_path, *rules) == ["deny"] * 4
    assert verdicts(shell("echo > free/x"), tmp_path, *rules)[1] == "allow"
