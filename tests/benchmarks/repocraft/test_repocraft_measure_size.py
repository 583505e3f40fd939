from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.benchmarks.repocraft.measure.size import is_product, normalised, size
from repowright.benchmarks.repocraft.measure.token_counts import Estimate, Exact, counter

SOURCE = '''#!/usr/bin/env python
"""Module.

Two lines.
"""

import os  # the system

TEXT = """first

# no comment
"""


class A:
    """A class."""

    x = 1

    def f(self):  # why
        "One " "string in two parts."
        # a comment alone
        return (self.x,

                TEXT)


def g(): "docstring on the line"; return 1
'''

NORMAL = [
    "import os",
    'TEXT = """first',
    "# no comment",
    '"""',
    "class A:",
    "    x = 1",
    "    def f(self):",
    "        return (self.x,",
    "                TEXT)",
    'def g(): "docstring on the line"; return 1',
]

STATEMENTS = (
    "x = 1",
    "def f(a):\n    return a",
    "class B:\n    y = '#'",
    "if x:\n    pass",
    'z = """a\nb"""',
    "f(\n    1,\n)",
)
NOISE = ("# a comment", "", "    ", "#", "\t# indented")


def test_lines_by_hand() -> None:
    assert normalised(SOURCE) == NORMAL


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_endings_do_not_matter(ending: str) -> None:
    assert normalised(SOURCE.replace("\n", ending)) == NORMAL


@given(st.lists(st.tuples(st.sampled_from(STATEMENTS), st.lists(st.sampled_from(NOISE), max_size=3)), min_size=1))
def test_comments_and_blank_lines_add_nothing(parts: list[tuple[str, list[str]]]) -> None:
    plain = "\n".join(statement for statement, _ in parts)
    noisy = "\n".join("\n".join([*noise, statement]) for statement, noise in parts)
    assert normalised(noisy) == normalised(plain) == plain.split("\n")


def test_text_that_is_no_python_is_counted_and_named(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(:\n\n# why\n    pass\n")
    found = size(tmp_path, Estimate())
    assert (found.files, found.lines, found.unparsed) == (1, 2, ("a.py",))


def test_only_product_code_counts(tmp_path: Path) -> None:
    kept = ["app.py", "pkg/core.py", "pkg/testament.py", "pkg/contest.py"]
    left = [
        "tests/a.py",
        "pkg/test/client.py",
        "pkg/test_core.py",
        "pkg/core_test.py",
        "conftest.py",
        "examples/a.py",
        "benchmarks/a.py",
        "docs/conf.py",
        ".venv/lib/a.py",
        "pkg/data.txt",
    ]
    for name in kept + left:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\ny = 2\n")
    assert [name for name in kept + left if is_product(name)] == kept
    found = size(tmp_path, Estimate())
    assert (found.files, found.lines) == (4, 8)


def test_hostile_files_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "binary.py").write_bytes(b"\x7fELF\x00\xff\xfe")
    (tmp_path / "huge.py").write_bytes(b"x = 1\n" * 1_000_000)
    (tmp_path / "nested.py").write_text("(" * 100_000)
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    (tmp_path / "loop").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.py")
    found = size(tmp_path, Estimate())
    assert (found.files, found.lines, found.unparsed) == (1, 1, ("nested.py",))


def test_an_empty_folder_has_no_size(tmp_path: Path) -> None:
    found = size(tmp_path, Estimate())
    assert (found.files, found.lines, found.tokens) == (0, 0, 0)


def test_the_exact_counter_does_not_depend_on_where_long_text_is_cut() -> None:
    exact = counter()
    assert isinstance(exact, Exact)
    assert exact.count("def f(a, b): return a + b") == 10
    assert exact.count("x = 1\n" * 50_000) == 50_000 * exact.count("x = 1\n")


def test_the_estimate_is_within_a_fifth_on_a_real_package() -> None:
    found = importlib.util.find_spec("requests")
    assert found is not None and found.origin is not None
    folder = Path(found.origin).parent
    exact, guessed = size(folder, counter()), size(folder, Estimate())
    assert exact.lines == guessed.lines > 2_500
    assert 0.8 < guessed.tokens / exact.tokens < 1.2
