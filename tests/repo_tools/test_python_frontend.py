import ast
import sysconfig
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.errors import LanguageUnknown
from repowright.repo_tools.facts import Call, Definition, FileFacts, Import, Inheritance
from repowright.repo_tools.languages.registry import frontend_for, is_source
from repowright.repo_tools.python_ast import definitions, parse_quietly, span_of
from repowright.repo_tools.signatures import signature_line

SOURCE = dedent(
    '''\
    """Doc of
    the module."""
    import os.path as path, sys
    from .near import (
        one, two as deux,
    )
    from ..far import *
    if TYPE_CHECKING:
        from types import Later

    LIMIT: int = max(1, 2)
    a, (b, *c) = d = LIMIT, [1, 2]
    LIMIT = 4


    @dataclass(frozen=True)
    class Stack(Base, typing.Generic[T], metaclass=Meta):
        """A stack.

            Indented.
        """

        size: int = 0

        class Inner(
            Other,
        ):
            def deep(self): return self.f(one)(2)

        @property
        @named(LIMIT)
        def top(self, default: 'int'=3, *, strict = False) -> "int":
            """Top\\n."""
            def local():
                return helper()
            return local()
            # closing

    try:
        async def f(*args, **k): ...
    except ImportError:
        def g(): pass
    '''
)


def facts(source: str | bytes) -> FileFacts:
    data = source.encode() if isinstance(source, str) else source
    return frontend_for("a.py").read("a.py", data)


def test_definitions_come_in_source_order_with_all_they_say() -> None:
    found = facts(SOURCE).definitions
    assert found[:6] == (
        Definition("constant", "LIMIT", "LIMIT", (11, 11), "LIMIT: int = max(1, 2)"),
        *(
            Definition("global", name, name, (12, 12), "a, (b, *c) = d = LIMIT, [1, 2]")
            for name in ("a", "b", "c", "d")
        ),
        Definition(
            "class",
            "Stack",
            "Stack",
            (16, 36),
            "class Stack(Base, typing.Generic[T], metaclass=Meta)",
            "A stack.\n\nIndented.",
            ("dataclass(frozen=True)",),
        ),
    )
    assert found[6:] == (
        Definition("class", "Inner", "Stack.Inner", (25, 28), "class Inner(Other)", parent="Stack"),
        Definition("method", "deep", "Stack.Inner.deep", (28, 28), "def deep(self)", parent="Stack.Inner"),
        Definition(
            "method",
            "top",
            "Stack.top",
            (30, 36),
            "def top(self, default: 'int' = 3, *, strict=False) -> 'int'",
            "Top\n.",
            ("property", "named(LIMIT)"),
            "Stack",
        ),
        Definition("function", "f", "f", (40, 40), "async def f(*args, **k)"),
        Definition("function", "g", "g", (42, 42), "def g()"),
    )


def test_imports_are_taken_apart() -> None:
    assert facts(SOURCE).imports == (
        Import("os.path", "", "path", 0, 3),
        Import("sys", "", "", 0, 3),
        Import("near", "one", "", 1, 4),
        Import("near", "two", "deux", 1, 4),
        Import("far", "*", "", 2, 7, is_star=True),
        Import("types", "Later", "", 0, 9, type_checking=True),
    )


def test_imports_of_the_else_branch_are_real() -> None:
    (found,) = facts("if typing.TYPE_CHECKING:\n    pass\nelse:\n    import a\n").imports
    assert not found.type_checking


def test_calls_name_the_definition_around_them() -> None:
    assert facts(SOURCE).calls == (
        Call("", "max", 11),
        Call("", "dataclass", 16),
        Call("Stack.Inner.deep", "self.f(one)", 28),
        Call("Stack.Inner.deep", "self.f", 28),
        Call("Stack", "named", 31),
        Call("Stack.top", "helper", 35),
        Call("Stack.top", "local", 36),
    )


def test_bases_are_named_and_keywords_are_not() -> None:
    assert facts(SOURCE).inheritances == (
        Inheritance("Stack", "Base", 17),
        Inheritance("Stack", "typing.Generic[T]", 17),
        Inheritance("Stack.Inner", "Other", 26),
    )


def test_the_docstring_of_the_module_is_clean() -> None:
    assert facts(SOURCE).docstring == "Doc of\nthe module."


def test_broken_source_gives_what_is_whole_and_says_where_it_broke() -> None:
    found = facts("def good(a): return f(a)\n\ndef bad(:\n    x = (\n\nclass Fine(Base):\n    def m(self): ...\n")
    assert "good" in [definition.qualname for definition in found.definitions]
    assert found.errors
    assert all(1 <= problem.line <= 7 for problem in found.errors)


def test_whole_source_has_no_errors() -> None:
    assert facts(SOURCE).errors == ()


@pytest.mark.parametrize(
    "source",
    [
        "\ufeffdef f(): ...\n".encode(),
        "# coding: latin-1\nx = 'é'\ndef f(): ...\n".encode("latin-1"),
        b"x = 1\r\ndef f(): ...\r\n",
        b"x = 1\rdef f(): ...\r",
        b"\x0cdef f(): ...\n",
    ],
)
def test_encodings_and_line_ends_are_read_as_python_reads_them(source: bytes) -> None:
    (found,) = [one for one in facts(source).definitions if one.kind == "function"]
    (expected,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    assert found.span == (expected.lineno, expected.end_lineno)


def test_deep_nesting_does_not_end_the_process() -> None:
    assert facts("x = " + "(" * 3000 + ")" * 3000 + "\n").path == "a.py"
    assert facts("x = a" + ".b()" * 3000 + "\n").calls[-1].callee == "a.b"


@given(st.binary(max_size=300) | st.text("def class():=\n\t '\"\\#@import from,*[]{}f.\r\x00é").map(str.encode))
@settings(max_examples=300, deadline=None)
def test_any_bytes_can_be_read(source: bytes) -> None:
    assert facts(source).language == "python"


def test_frontends_are_chosen_by_ending() -> None:
    assert frontend_for(Path("src/A.PYI")).name == "python"
    assert is_source("a.py")
    assert not is_source("a.txt")
    with pytest.raises(LanguageUnknown, match=r"known endings: \.py"):
        frontend_for("a.txt")


def library_files() -> list[Path]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(path for path in root.rglob("*.py") if "site-packages" not in path.parts)
    return files[:: max(1, len(files) // 300)]


def test_definitions_of_the_standard_library_are_those_of_ast() -> None:
    compared = 0
    for path in library_files():
        data = path.read_bytes()
        found = frontend_for(path).read(path.name, data)
        tree = parse_quietly(data.decode("utf-8", "surrogateescape"))
        if tree is None:
            continue
        expected = [
            (name, span_of(node), signature_line(node), ast.get_docstring(node) or "")
            for name, node in definitions(tree.body)
        ]
        kinds = ("class", "function", "method")
        got = [(one.qualname, one.span, one.signature, one.doc) for one in found.definitions if one.kind in kinds]
        assert got == expected, path
        assert found.docstring == (ast.get_docstring(tree) or ""), path
        compared += 1
    assert compared > 250
