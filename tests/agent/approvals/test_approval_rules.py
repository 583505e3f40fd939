import pytest
from pydantic import ValidationError

from repowright.agent.approvals.rules import (
    Rule,
    exactly,
    path_matches,
    strictest,
    verdict_on_path,
    verdict_on_text,
    verdict_on_words,
    words_match,
)
from repowright.agent.approvals.shell_parts import read_command
from repowright.agent.approvals.shell_words import Word


def words(text: str) -> tuple[Word, ...]:
    (part,) = read_command(text).parts
    return part.words


@pytest.mark.parametrize(
    ("pattern", "command", "matches"),
    [
        ("*", "anything at all", True),
        ("git log *", "git log", True),
        ("git log *", "git log -p --stat", True),
        ("git log *", "git logs", False),
        ("git log", "git log -p", False),
        ("git *", "PATH=. git log", False),
        ("pytest tests/*", "pytest tests/a", True),
        ("pytest tests/*", "pytest src/a", False),
        ("rm ? *", "rm -rf .", False),
        ("rm ?", "rm -", False),
        ("git * origin", "git push origin", True),
        ("git * origin", "git --exec-path=x origin", False),
        ("git commit -m 'two words'", 'git commit -m "two words"', True),
        ("git commit -m two words", 'git commit -m "two words"', False),
        ("ls", "/tmp/ls", False),
        ("echo it's", "echo it\\'s", True),
    ],
)
def test_a_pattern_names_a_command_word_by_word(pattern: str, command: str, matches: bool) -> None:
    assert words_match(pattern, words(command), surely=True) is matches


def test_a_word_known_only_at_run_time_is_allowed_by_an_open_end_alone() -> None:
    assert words_match("rm *", words("rm $x"), surely=True)
    assert not words_match("rm $x", words("rm $x"), surely=True)
    assert not words_match("rm ?x *", words("rm $x"), surely=True)


def test_a_word_known_only_at_run_time_may_be_what_a_rule_denies() -> None:
    rules = [Rule(decision="deny", tool="shell", pattern="git push *")]
    assert verdict_on_words(rules, "shell", words("git $x")) == "deny"
    assert verdict_on_words(rules, "shell", words("git log $x")) is None


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "src2/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("**/test_*.py", "test_a.py", True),
        ("**/test_*.py", "x/y/test_a.py", True),
        ("a?.py", "ab.py", True),
        ("a.py", "abpy", False),
        ("*", "x/y", True),
    ],
)
def test_a_glob_names_paths(pattern: str, path: str, matches: bool) -> None:
    assert path_matches(pattern, path) is matches


@pytest.mark.parametrize("text", ["a*b", "[x]", "what?", "plain"])
def test_an_exact_pattern_matches_its_text_alone(text: str) -> None:
    rule = Rule(decision="allow", tool="t", pattern=exactly(text))
    assert verdict_on_text([rule], "t", text) == "allow"
    assert verdict_on_text([rule], "t", text.replace("*", "x").replace("?", "!")[:-1]) is None


def test_the_strictest_rule_wins_wherever_it_stands() -> None:
    rules = [
        Rule(decision="allow", tool="edit", pattern="**"),
        Rule(decision="deny", tool="e*", pattern="secret/**"),
        Rule(decision="ask", tool="edit", pattern="src/**"),
    ]
    assert verdict_on_path(rules, ("write", "edit"), "a.py") == "allow"
    assert verdict_on_path(rules, ("write", "edit"), "src/a.py") == "ask"
    assert verdict_on_path(rules, ("write", "edit"), "secret/a.py") == "deny"
    assert verdict_on_path(rules, ("read",), "a.py") is None
    assert strictest([]) is None


@pytest.mark.parametrize("pattern", ["", " a", "a\nb", "a\u202e", "x" * 501])
def test_a_pattern_is_one_visible_line(pattern: str) -> None:
    with pytest.raises(ValidationError):
        Rule(decision="allow", tool="shell", pattern=pattern)
