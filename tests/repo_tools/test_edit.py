import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.edit import (
    replace_class,
    replace_function,
    replace_imports,
    replace_method,
    unified_diff,
)
from repowright.repo_tools.errors import EditError

SOURCE = '''"""Doc."""
# a comment
import os

LIMIT = 3


@decorated
def f(a):
    return a  # old


class A:
    """A."""

    def g(self):
        return 1

    @property
    def p(self):
        return 2

    @p.setter
    def p(self, value):
        pass


print("end")
'''


def test_a_function_is_replaced_with_its_decorators() -> None:
    old = "@decorated\ndef f(a):\n    return a  # old\n"
    new = "def f(b):\n    return b\n"
    assert replace_function(SOURCE, "f", new) == SOURCE.replace(old, new)


def test_a_method_is_replaced_at_its_indentation() -> None:
    edited = replace_method(SOURCE, "A.g", "def g(self):\n    '''Doc\n    two.'''\n    return '''\nx'''\n")
    new = "    def g(self):\n        '''Doc\n        two.'''\n        return '''\nx'''\n"
    assert edited == SOURCE.replace("    def g(self):\n        return 1\n", new)


def test_a_method_given_at_its_place_is_taken_as_it_is() -> None:
    new = "    def g(self):\n        return '''\n    x'''\n"
    assert replace_method(SOURCE, "A.g", new) == SOURCE.replace("    def g(self):\n        return 1\n", new)


def test_the_setter_of_a_property_is_replaced_alone() -> None:
    edited = replace_method(SOURCE, "A.p", "@p.setter\ndef p(self, value):\n    self.x = value\n")
    assert edited == SOURCE.replace("        pass\n", "        self.x = value\n")


def test_a_class_is_replaced_whole() -> None:
    edited = replace_class(SOURCE, "A", "class A(B):\n    pass\n")
    assert edited.startswith(SOURCE[: SOURCE.index("class A")])
    assert edited.endswith('class A(B):\n    pass\n\n\nprint("end")\n')


def test_windows_line_ends_are_kept() -> None:
    edited = replace_function("x = 1\r\ndef f():\r\n    pass\r\ny = 2\r\n", "f", "def f():\n    return 1\n")
    assert edited == "x = 1\r\ndef f():\r\n    return 1\r\ny = 2\r\n"


def test_a_missing_line_end_stays_missing() -> None:
    assert replace_function("def f(): pass", "f", "def f(): return 1\n") == "def f(): return 1"


@pytest.mark.parametrize(
    ("edit", "name", "code", "expected"),
    [
        (replace_function, "ff", "def ff(): ...", "there is no function `ff` in the source (near it: f)"),
        (replace_function, "f", "def g(): ...", "the new text defines `g`, not `f`"),
        (replace_function, "f", "def f(:", "the new text does not parse: line 1: "),
        (replace_function, "f", "import os\ndef f(): ...", "the new text must be the function `f` and nothing else"),
        (replace_function, "f", "class f: ...", "the new text must be the function `f` and nothing else"),
        (replace_function, "A", "def A(): ...", "`A` is no function"),
        (replace_function, "A.g", "def g(): ...", "`A.g` is a method"),
        (replace_method, "A.h", "def h(self): ...", "there is no method `A.h` in the source (near it: A.p, A.g, A)"),
        (replace_method, "g", "def g(self): ...", "`g` names no class"),
        (replace_class, "f", "class f: ...", "`f` is no class"),
        (replace_class, "B", "class B: ...", "there is no class `B` in the source"),
    ],
)
def test_an_edit_that_cannot_be_applied_says_why(edit: object, name: str, code: str, expected: str) -> None:
    with pytest.raises(EditError) as caught:
        edit(SOURCE, name, code)  # type: ignore[operator]
    assert expected in str(caught.value)


def test_broken_source_is_not_edited() -> None:
    with pytest.raises(EditError, match="the source does not parse: line 2"):
        replace_function("def f(): ...\nx = (", "f", "def f(): ...")


def test_imports_and_assignments_are_replaced() -> None:
    edited = replace_imports(SOURCE, '"""Doc of the writer."""\nimport sys\n\nLIMIT = 4\n')
    assert edited == SOURCE.replace("import os\n\nLIMIT = 3\n", "import sys\nLIMIT = 4\n\n")


def test_imports_go_below_the_docstring_of_a_module_without_any() -> None:
    assert replace_imports('"""Doc."""\n\ndef f(): ...\n', "import os") == '"""Doc."""\nimport os\n\ndef f(): ...\n'
    assert replace_imports("# first\ndef f(): ...\n", "import os") == "# first\nimport os\ndef f(): ...\n"
    assert replace_imports('"""Doc."""', "import os") == '"""Doc."""\nimport os\n'


def test_other_statements_between_imports_stay() -> None:
    source = "import a\ncall()\nimport b\ndef f(): ...\nX = 1\n"
    assert replace_imports(source, "import c") == "import c\ncall()\ndef f(): ...\nX = 1\n"


@pytest.mark.parametrize("code", ["def f(): ...", "import a\nprint(1)", "import ("])
def test_new_imports_must_be_imports_or_assignments(code: str) -> None:
    with pytest.raises(EditError, match="new text"):
        replace_imports(SOURCE, code)


PIECES = ["x = 'é'", "# comment \t", "", "class B:\n    def f(self): return '''\n  text'''", "if x:\n\tpass", "\x0c"]


@given(st.lists(st.sampled_from(PIECES)), st.lists(st.sampled_from(PIECES)))
@settings(max_examples=100, deadline=None)
def test_everything_around_a_replaced_function_stays_byte_for_byte(above: list[str], below: list[str]) -> None:
    head = "x = 1\n" + "".join(f"{piece}\n" for piece in above)
    tail = "".join(f"{piece}\n" for piece in below)
    edited = replace_function(f"{head}def f(a):\n    return a\n{tail}", "f", "def f(): return 1")
    assert edited == f"{head}def f(): return 1\n{tail}"


def apply(folder: Path, diff: str) -> None:
    subprocess.run(["git", "apply", "-"], cwd=folder, input=diff.encode(), check=True, timeout=30)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("a\nb\nc\n", "a\nB\nc\n"),
        ("a\nb", "a\nb\nc"),
        ("a\n", "a"),
        (None, "new\n"),
        ("gone\n", None),
        ("a\x0cb\u2028c\r\n", "a\x0cB\u2028c\r\n"),
    ],
)
def test_git_applies_a_unified_diff(tmp_path: Path, old: str | None, new: str | None) -> None:
    target = tmp_path / "a.txt"
    if old is not None:
        target.write_bytes(old.encode())
    apply(tmp_path, unified_diff(old, new, "a.txt"))
    assert (target.read_bytes().decode() if target.exists() else None) == new


def test_no_change_gives_an_empty_diff() -> None:
    assert unified_diff("a\n", "a\n", "a.txt") == ""
