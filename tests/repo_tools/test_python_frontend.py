import ast
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from repowright.repo_tools.errors import LanguageUnknown
from repowright.repo_tools.facts import Definition, FileFacts, Import, Inheritance
from repowright.repo_tools.languages.registry import frontend_for, is_source
from repowright.repo_tools.python_ast import DefinitionNode, parse_quietly, span_of
from repowright.repo_tools.signatures import signature_line

SOURCE = dedent(
    '''\
    """Doc of
    the module."""
    import os.path as path, sys
    from .near import (
        one, two as deux,  # both
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
        Definition("class", "Inner", "Stack.Inner", (25, 28), "class Inner(Other)", parent=5),
        Definition("method", "deep", "Stack.Inner.deep", (28, 28), "def deep(self)", parent=6),
        Definition(
            "method",
            "top",
            "Stack.top",
            (30, 36),
            "def top(self, default: 'int'=3, *, strict = False) -> \"int\"",
            "Top\n.",
            ("property", "named(LIMIT)"),
            5,
        ),
        Definition("function", "local", "Stack.top.local", (34, 35), "def local()", parent=8),
        Definition("function", "f", "f", (40, 40), "async def f(*args, **k)", conditional=True),
        Definition("function", "g", "g", (42, 42), "def g()", conditional=True),
    )


def test_nested_classes_and_functions_are_named_with_dots() -> None:
    found = facts(
        "def outer():\n    class Local:\n        def m(self): pass\n    async def inner(): pass\n"
    ).definitions
    assert [(one.kind, one.qualname, one.parent) for one in found] == [
        ("function", "outer", -1),
        ("class", "outer.Local", 0),
        ("method", "outer.Local.m", 1),
        ("function", "outer.inner", 0),
    ]


def test_overloads_setters_and_both_branches_are_records_of_their_own() -> None:
    source = """\
        class A:
            @property
            def x(self): pass
            @x.setter
            def x(self, value): pass
        if A:
            def f(): pass
            LIMIT = 1
        else:
            def f(): pass
            LIMIT = 2
        """
    found = facts(dedent(source)).definitions
    assert [(one.qualname, one.conditional) for one in found] == [
        ("A", False),
        ("A.x", False),
        ("A.x", False),
        ("f", True),
        ("LIMIT", True),
        ("f", True),
        ("LIMIT", True),
    ]
    assert found[2].decorators == ("x.setter",)


def test_only_what_stands_below_a_condition_is_conditional() -> None:
    source = """\
        with a:
            def plain(): pass
        def f():
            if b:
                def g():
                    def h(): pass
            def i(): pass
        x = 1; y = 2
        """
    assert {one.qualname: one.conditional for one in facts(dedent(source)).definitions} == {
        "plain": False,
        "f": False,
        "f.g": True,
        "f.g.h": False,
        "f.i": False,
        "x": False,
        "y": False,
    }


def test_class_attributes_and_locals_are_no_definitions() -> None:
    found = facts("class A:\n    x = 1\ndef f():\n    y = 2\n    z: int = 3\n").definitions
    assert [one.name for one in found] == ["A", "f"]


def test_type_aliases_are_typedefs() -> None:
    (found,) = facts("type Pair[T] = tuple[T, T]\n").definitions
    assert found == Definition("typedef", "Pair", "Pair", (1, 1), "type Pair[T] = tuple[T, T]")


@pytest.mark.parametrize(
    ("header", "signature"),
    [
        ("def f(\n    a: int,  # first\n    b: str = '#',\n) -> bool:  # why", "def f(a: int, b: str = '#') -> bool"),
        ("def  f ( a ,\tb ) :", "def f ( a , b )"),
        ("def f(a, \\\n      b):", "def f(a, b)"),
        ("def f[T: int](x: dict[str, T]={'a': 1}) -> T:", "def f[T: int](x: dict[str, T]={'a': 1}) -> T"),
        ("async def f(*, k=lambda: 1):", "async def f(*, k=lambda: 1)"),
        ("class f:", "class f"),
        ("def f(a='x  y',  b = 1):", "def f(a='x  y', b = 1)"),
    ],
)
def test_signatures_are_headers_on_one_line(header: str, signature: str) -> None:
    (found,) = facts(f"{header}\n    pass\n").definitions
    assert (found.name, found.signature) == ("f", signature)


@pytest.mark.parametrize(
    "body",
    [
        '"""One.\n\n      Two.\n        Three.\n    """',
        "# note\n    r'raw \\d'",
        r"'tab\tand \'quote\' \x41 \101 \N{BULLET} \u00e9 \q'",
        '"""line \\\n    on"""',
        "('one '\n     'two')",
        "'one ' \\\n    'two'; pass",
        '"""not""" % x',
        '"""not""".strip()',
        "f'not'",
        "b'not'",
        "x = 'not'",
        "'é ü 字'",
        "'   '",
    ],
)
def test_docstrings_are_those_of_python(body: str) -> None:
    source = f"def f():\n    {body}\n"
    tree = parse_quietly(source)
    node = tree.body[0] if tree else None
    assert isinstance(node, ast.FunctionDef)
    assert facts(source).definitions[0].doc == (ast.get_docstring(node) or "")


def test_for_want_of_a_docstring_the_comment_right_above_is_the_documentation() -> None:
    source = """\
        # Far away.

        #: How many
        #:   of them.
        LIMIT = 3
        x = 1  # no block
        def bare(): pass
        class A:
            # ------
            # Near.
            @decorated
            def near(self): pass
            # Not this.
            def told(self): 'Told.'
        """
    assert {one.name: one.doc for one in facts(dedent(source)).definitions} == {
        "LIMIT": "How many\n  of them.",
        "x": "",
        "bare": "",
        "A": "",
        "near": "Near.",
        "told": "Told.",
    }


@pytest.mark.parametrize(
    ("source", "doc"),
    [
        ("#!/usr/bin/env python\n# coding: utf-8\n\n'''Said.'''\n", "Said."),
        ("#!/usr/bin/env python\n# Reads things.\n# Twice.\n\nimport a\n", "Reads things.\nTwice."),
        ("# Copyright 2020 Somebody.\n\nimport a\n", ""),
        ("# About f.\ndef f(): pass\n", ""),
        ("import a\n# Late.\n", ""),
        ("", ""),
    ],
)
def test_a_module_is_documented_by_its_docstring_or_first_comment(source: str, doc: str) -> None:
    assert facts(source).docstring == doc


def test_imports_are_taken_apart() -> None:
    assert facts(SOURCE).imports == (
        Import("os.path", "", "path", 0, 3),
        Import("sys", "", "", 0, 3),
        Import("near", "one", "", 1, 4),
        Import("near", "two", "deux", 1, 4),
        Import("far", "*", "", 2, 7, is_star=True),
        Import("types", "Later", "", 0, 9, type_checking=True),
    )


def test_imports_know_the_definition_they_stand_in() -> None:
    found = facts("def f():\n    from . import a\n    import b . c, d as e\nfrom __future__ import g\n").imports
    assert found == (
        Import("", "a", "", 1, 2, scope=0),
        Import("b.c", "", "", 0, 3, scope=0),
        Import("d", "", "e", 0, 3, scope=0),
        Import("__future__", "g", "", 0, 4),
    )


def test_imports_of_the_else_branch_are_real() -> None:
    (found,) = facts("if typing.TYPE_CHECKING:\n    pass\nelse:\n    import a\n").imports
    assert not found.type_checking


def test_exports_are_the_strings_that_make_all() -> None:
    source = """\
        __all__: list[str] = [
            "a",  # "not"
            'b',
        ]
        __all__ += ("c",)
        __all__.extend(other.__all__)
        __all__.append("d")
        def f():
            __all__ = ["local"]
        '__all__ = ["text"]'
        """
    assert facts(dedent(source)).exports == ("a", "b", "c", "d")
    assert facts("print('__all__')\n").exports is None
    assert facts("__all__ = ()\n").exports == ()


def test_bases_are_named_without_keywords_and_generic_arguments() -> None:
    assert facts(SOURCE).inheritances == (
        Inheritance(5, "Base", 17),
        Inheritance(5, "typing.Generic", 17),
        Inheritance(6, "Other", 26),
    )
    assert [one.base for one in facts("class A(make(x), *rest, **more): pass\n").inheritances] == ["make(x)"]


def test_frontends_are_chosen_by_ending() -> None:
    assert frontend_for(Path("src/A.PYI")).name == "python"
    assert is_source("a.py")
    assert not is_source("a.txt")
    with pytest.raises(LanguageUnknown, match=r"known endings: \.py"):
        frontend_for("a.txt")


def library_files() -> list[Path]:
    root = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(path for path in root.rglob("*.py") if "site-packages" not in path.parts)
    return files[:: max(1, len(files) // 120)]


def nested_definitions(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, DefinitionNode]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, DefinitionNode):
            yield f"{prefix}{child.name}", child
            yield from nested_definitions(child, f"{prefix}{child.name}.")
        elif not isinstance(child, ast.expr):
            yield from nested_definitions(child, prefix)


def normal_signature(signature: str) -> str:
    tree = parse_quietly(f"{signature}: pass")
    node = tree.body[0] if tree else None
    assert isinstance(node, DefinitionNode), signature
    return signature_line(node)


def test_definitions_of_the_standard_library_are_those_of_ast() -> None:
    compared = 0
    for path in library_files():
        data = path.read_bytes()
        tree = parse_quietly(data.decode("utf-8", "surrogateescape"))
        if tree is None:
            continue
        found = frontend_for(path).read(path.name, data)
        kinds = ("class", "function", "method")
        got = [one for one in found.definitions if one.kind in kinds]
        expected = list(nested_definitions(tree))
        assert [(one.qualname, one.span) for one in got] == [(name, span_of(node)) for name, node in expected], path
        assert [normal_signature(one.signature) for one in got] == [signature_line(node) for _, node in expected], path
        documented = [(one.doc, ast.get_docstring(node)) for one, (_, node) in zip(got, expected, strict=True)]
        assert all(doc == said for doc, said in documented if said), path
        docstring = ast.get_docstring(tree)
        assert not docstring or found.docstring == docstring, path
        compared += 1
    assert compared > 100
