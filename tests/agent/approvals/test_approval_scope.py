from pathlib import Path

import pytest

from repowright.agent.approvals.gate import Call, Gate
from repowright.agent.approvals.rules import Rule
from repowright.agent.approvals.scope import described, rules_to_keep


def kept(call: Call, folder: Path) -> list[str]:
    judged = Gate(folder, "ask").judge(call)
    assert judged.verdict == "ask"
    return [rule.pattern for rule in rules_to_keep(judged.pending, folder)]


@pytest.mark.parametrize(
    ("command", "patterns"),
    [
        ("pytest -q tests", ["pytest *"]),
        ("git commit -m x", ["git commit *"]),
        ("npm test -- -q", ["npm test *"]),
        ("python -m pytest -q", ["python -m pytest *"]),
        ("python tools/gen.py --all", ["python tools/gen.py *"]),
        ("python -c 'print(1)'", ["python -c 'print(1)'"]),
        ("sed -i 's/a*/b/' x", ["sed -i 's/a[*]/b/' x"]),
        ("git push origin main", ["git push origin main"]),
        ("rm -rf build", ["rm -rf build"]),
        ("curl https://x/y", ["curl https://x/y"]),
        ("rm -rf $x", []),
        ("curl https://x/$y", []),
        ('python -c "$x"', []),
        ("pytest $x", ["pytest *"]),
        ("make a && make b", ["make a *", "make b *"]),
    ],
)
def test_a_rule_is_as_wide_as_is_safe(command: str, patterns: list[str], tmp_path: Path) -> None:
    assert kept(Call("shell", "run", command=command), tmp_path) == patterns


@pytest.mark.parametrize(
    ("path", "patterns"),
    [("src/pkg/a.py", ["src/pkg/**"]), ("setup.py", ["setup.py"]), ("AGENTS.md", ["AGENTS.md"]), (".git/config", [])],
)
def test_an_edit_is_kept_for_its_folder(path: str, patterns: list[str], tmp_path: Path) -> None:
    assert kept(Call("edit", "edit", paths=(path,)), tmp_path) == patterns


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q",
        "python -c 'print(\"a\")'",
        "rm -rf build",
        "sed -i 's/[ab]?/*/' x",
        "git push origin main",
        "a 'b c'",
    ],
)
def test_the_rules_kept_allow_the_call_they_were_made_of(command: str, tmp_path: Path) -> None:
    call = Call("shell", "run", command=command)
    judged = Gate(tmp_path, "ask").judge(call)
    rules = rules_to_keep(judged.pending, tmp_path)
    assert Gate(tmp_path, "ask", session=rules).judge(call).verdict == "allow"


@pytest.mark.parametrize(
    ("pattern", "line"),
    [("*", "t: every call"), ("src/**", "t: every file below `src/`"), ("a b", "t: `a b` alone")],
)
def test_a_rule_is_described_for_people(pattern: str, line: str) -> None:
    assert described(Rule(decision="allow", tool="t", pattern=pattern)) == line
