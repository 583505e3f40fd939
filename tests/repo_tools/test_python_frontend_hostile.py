import ast
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.languages.registry import frontend_for

WHOLE = '''\
"""Module."""
from a import b as c, d
import e.f
__all__ = ["A", "g"]
@d(1)
class A(c.Base, metaclass=M):
    """Doc é."""
    x: "Later[int]" = None
    def m(self, y: int = 1, *z, **w) -> "A":
        with open(y) as h, d() as k:
            self.v = c.make(f"{y!r}")
        return [i for i in self.v if (j := i)] or lambda l: l
if c:
    def g(): return A().m("""text
    # no""", d.e)
else:
    g = h = None
match x:
    case A(m=n): pass
'''


def facts(source: str | bytes) -> FileFacts:
    return frontend_for("a.py").read("a.py", source.encode() if isinstance(source, str) else source)


def test_broken_source_gives_what_is_whole_and_says_where_it_broke() -> None:
    found = facts("def good(a): return f(a)\n\ndef bad(:\n    x = (\n\nclass Fine(Base):\n    def m(self): ...\n")
    assert "good" in [definition.qualname for definition in found.definitions]
    assert found.errors
    assert all(1 <= problem.line <= 7 for problem in found.errors)


def test_whole_source_has_no_errors() -> None:
    assert facts(WHOLE).errors == ()


def test_problems_are_told_up_to_a_limit() -> None:
    assert 1 <= len(facts("x = = 1\n" * 500).errors) <= 20


@pytest.mark.parametrize(
    "source",
    [
        "\ufeffdef f(): ...\n".encode(),
        "# coding: latin-1\nx = 'é'\ndef f(): ...\n".encode("latin-1"),
        b"x = 1\r\ndef f(): ...\r\n",
        b"x = 1\rdef f(): ...\r",
        b"\x0cdef f(): ...\n",
        "x = 'é字😀'\n\ndef f(): ...\n".encode(),
    ],
)
def test_encodings_and_line_ends_are_read_as_python_reads_them(source: bytes) -> None:
    (found,) = [one for one in facts(source).definitions if one.kind == "function"]
    (expected,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert found.span == (expected.lineno, expected.end_lineno)


def test_names_of_all_scripts_come_back_as_written() -> None:
    source = "from größe import 字 as naïve\nclass Ångström(naïve.Ж):\n    '''é 😀'''\n    x = été.ñ()\n"
    found = facts(source)
    assert found.imports[0][:3] == ("größe", "字", "naïve")
    assert (found.definitions[0].signature, found.definitions[0].doc) == ("class Ångström(naïve.Ж)", "é 😀")
    assert (found.calls[0].callee, found.bindings[0].value) == ("été.ñ", "été.ñ")
    assert found.inheritances[0].base == "naïve.Ж"


def test_nul_bytes_and_undecodable_bytes_do_not_hide_definitions() -> None:
    assert "f" in [one.name for one in facts(b"x = 1\x00\ny = '\xff\xfe'\ndef f(): pass\n").definitions]


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 5000 + ")" * 5000 + "\n",
        "x = a" + ".b()" * 5000 + "\n",
        "".join(f"{' ' * depth}if a:\n" for depth in range(1500)) + " " * 1500 + "def f(): pass\n",
        "".join(f"{' ' * depth}def f{depth}():\n" for depth in range(1000))
        + " " * 1000
        + "pass\n"
        + " " * 1000
        + "# end\n",
        "x = " + "lambda: " * 5000 + "1\n",
        "x = a" + " = a" * 5000 + "\n",
        "@d\n" * 5000 + "def f(): pass\n",
        "(" * 5000,
        "def f(" * 5000,
        '"""' + "\\" * 100_001,
        "x = '" + "a" * 10_000_000 + "'\n",
        "f(" + "a, " * 100_000 + ")\n",
    ],
    ids=[
        "parentheses",
        "chain",
        "ifs",
        "functions",
        "lambdas",
        "targets",
        "decorators",
        "open",
        "defs",
        "slashes",
        "line",
        "arguments",
    ],
)
def test_deep_and_long_source_takes_bounded_time(source: str) -> None:
    start = time.process_time()
    assert facts(source).path == "a.py"
    assert time.process_time() - start < 10


def test_a_file_of_enormous_size_is_not_read() -> None:
    found = facts(b"x = 1\n" * 4_000_000)
    assert (found.definitions, found.lines) == ((), 4_000_000)
    assert "24000000 bytes" in found.errors[0].message


@given(st.binary(max_size=300) | st.text("def class():=\n\t '\"\\#@import from,*[]{}f.\r\x00é").map(str.encode))
@settings(max_examples=200, deadline=None)
def test_any_bytes_can_be_read(source: bytes) -> None:
    assert facts(source).language == "python"


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_mutated_source_can_be_read_and_keeps_its_indexes_straight(data: st.DataObject) -> None:
    source = WHOLE.encode()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(source)))
        end = min(len(source), start + data.draw(st.integers(0, 30)))
        piece = data.draw(
            st.sampled_from([b"", b"(", b")", b'"""', b"\n", b"\\", b":", b"def ", b"\x00", b"\xff", b"    "])
        )
        source = source[:start] + piece + source[end:]
    found = facts(source)
    count = len(found.definitions)
    scopes = [one.scope for group in (found.imports, found.calls, found.uses, found.bindings) for one in group]
    assert all(-1 <= scope < count for scope in scopes)
    assert all(one.parent < index for index, one in enumerate(found.definitions))
    assert all(1 <= one.span[0] <= one.span[1] for one in found.definitions)
    assert [call.line for call in found.calls] == sorted(call.line for call in found.calls)
