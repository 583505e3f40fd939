from __future__ import annotations

import pytest

from repowright.graph.encode.source_tokens import source_digest

PYTHON = "def total(items, tax=0.2):\n    if items:\n        return sum(items) * (1 + tax)\n    return 'none'\n"


def same(one: str, other: str, path: str = "shop.py") -> bool:
    return source_digest(one, path) == source_digest(other, path)


@pytest.mark.parametrize(
    "formatted",
    [
        PYTHON.replace("tax=0.2):", "tax = 0.2):  # of a cart\n").replace(" * ", "*"),
        PYTHON.replace("items, tax=0.2", "\n    items,\n    tax=0.2,\n").replace("'none'", '"none"'),
        PYTHON.replace("        return", "  # odd\n     return").replace("(items) *", "(items) \\\n *"),
        PYTHON.replace("\n", "\r\n"),
    ],
)
def test_format_and_comments_change_no_digest(formatted: str) -> None:
    assert same(PYTHON, formatted)


@pytest.mark.parametrize(
    "changed",
    [
        PYTHON.replace("0.2", "0.3"),
        PYTHON.replace("'none'", "'# none'"),
        PYTHON.replace("    return 'none'", "        return 'none'"),
        PYTHON.replace("(items, tax", "(items , *, tax"),
        PYTHON.replace("(1 + tax)", "1 + tax"),
    ],
)
def test_other_code_has_another_digest(changed: str) -> None:
    assert not same(PYTHON, changed)


def test_a_tuple_of_one_is_no_parenthesis() -> None:
    assert not same("x = (1,)", "x = (1)")


def test_marks_in_strings_are_no_comments() -> None:
    assert not same('x = "a # b"', 'x = "a # c"')
    assert not same('char *x = "http://a";', 'char *x = "http://b";', "x.c")
    assert same('char *x = "http://a"; // one', 'char *x = "http://a"; /* two */', "x.c")


def test_docstrings_count() -> None:
    assert not same('def f():\n    """Add."""', 'def f():\n    """Subtract."""')


@pytest.mark.parametrize(
    "text", ["'", '"""', "(((", ")))", "\\", "\0\n\t'''", "/* never closed", "`", 'r#"', "a,", ",", ""]
)
@pytest.mark.parametrize("path", ["x.py", "x.rs", "x.js"])
def test_broken_text_has_a_digest(text: str, path: str) -> None:
    assert len(source_digest(text, path)) == 32
