import ast
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repowright.repo_tools.compose import (
    UnitSource,
    compose_module,
    compose_tests,
    split_unit,
    unit_problems,
)
from repowright.repo_tools.errors import ComposeError


def unit(name: str, code: str) -> UnitSource:
    return UnitSource(name, dedent(code))


def run(source: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": "composed"}
    exec(compile(source, "composed", "exec"), namespace)
    return namespace


def call(source: str, name: str) -> object:
    return run(source)[name]()  # type: ignore[operator]


def test_split_gives_imports_helpers_and_definition() -> None:
    code = dedent(
        '''
        """Docstring of the writer."""
        from __future__ import annotations, division
        import os, sys as system
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from a import B

        __all__ = ["f"]
        # How many.
        _LIMIT: int = 3

        def _help(): return _LIMIT

        def f() -> B:
            return _help()
            # closing remark
        '''
    )
    parts = split_unit(code, "f")
    assert parts.imports == (
        "from __future__ import annotations",
        "import os",
        "import sys as system",
        "from typing import TYPE_CHECKING",
    )
    assert parts.type_checking == ("from a import B",)
    assert parts.helpers == (
        ("_LIMIT", "# How many.\n_LIMIT: int = 3"),
        ("_help", "def _help(): return _LIMIT"),
    )
    assert parts.definition == "def f() -> B:\n    return _help()\n    # closing remark"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1", "the code does not define `f`"),
        ("def f(): ...\ndef f(): ...", "the code defines `f` 2 times, on lines 1, 2"),
        ("def g(): ...\ndef f(): ...", "line 1: `g` is another public name"),
        ("_x = {}\n_x.update(a=1)\ndef f(): ...", "line 2: `_x.update(a=1)` runs while the module is imported"),
        ("for _x in []: pass\ndef f(): ...", "line 1: `for _x in []: pass` runs while the module is imported"),
        ("def f(): ...\nif __name__ == '__main__':\n    f()", "line 2: `if __name__ == '__main__'` does not"),
        ("def f(:", "the source does not parse: line 1"),
        ("from a import *\ndef f(): ...", "`from a import *` hides where names come from"),
        ("from a import x\nfrom b import x\ndef f(): ...", "`x` is imported twice, from two places"),
        ("from a import f\ndef f(): ...", "`from a import f` imports the name the unit defines"),
        ("_a, _b = 1, 2\ndef f(): ...", "line 1: assign one name at a time"),
        ("def _a(): ...\ndef _a(): ...\ndef f(): ...", "`_a` is defined 2 times"),
        ("try:\n    import a\nexcept ImportError:\n    a = None\ndef f(): ...", "line 1: `try:` runs while"),
    ],
)
def test_code_that_is_no_unit_is_refused_with_its_reason(code: str, expected: str) -> None:
    said = unit_problems(code, "f")
    assert any(expected in problem for problem in said), said


def test_overloads_and_registrations_belong_to_the_unit() -> None:
    code = "from functools import singledispatch\n@singledispatch\ndef f(x): return 0\n"
    code += "@f.register\ndef _(x: int): return x\n"
    assert unit_problems(code, "f") == []
    assert unit_problems("@overload\ndef f(a: int): ...\ndef f(a): ...\n", "f") == []


def test_a_module_is_merged_sorted_and_spaced() -> None:
    first = unit(
        "first",
        """
        import sys
        from pkg.b import y, X
        import requests
        _LIMIT = 3
        def first(): return _LIMIT, sys, X, y, requests
        """,
    )
    second = unit(
        "Second",
        """
        from pkg.b import X, CONST
        import os
        from . import near
        _LIMIT = 3
        def _help(): return _LIMIT
        class Second(X):
            value = _help()
        """,
    )
    assert compose_module("Two things.", [first, second], module="pkg.a") == dedent(
        '''\
        """Two things."""

        from __future__ import annotations

        import os
        import sys

        import requests

        from pkg.b import CONST, X, y

        from . import near

        _LIMIT = 3


        def first(): return _LIMIT, sys, X, y, requests


        def _help(): return _LIMIT


        class Second(X):
            value = _help()
        '''
    )


def test_different_helpers_of_one_name_are_renamed_in_the_later_unit() -> None:
    one = unit("one", "_N = 1\ndef _get(): return _N\ndef one(): return _get()\n")
    two = unit("two", "_N = 2\ndef _get(): return _N\ndef two(): return _get(), '_get', f'{_N}'\n")
    text = compose_module("", [one, two])
    assert call(text, "one") == 1
    assert call(text, "two") == (2, "_get", "2")
    assert "_two_N = 2" in text
    assert text.count("def _get()") == 1


def test_helpers_that_differ_only_in_layout_are_one() -> None:
    one = unit("one", "def _get(): return (1)\ndef one(): return _get()\n")
    two = unit("two", "def _get():\n    return 1  # one\ndef two(): return _get()\n")
    assert "_two_get" not in compose_module("", [one, two])


def test_state_of_two_units_stays_apart() -> None:
    code = "_cache = {{}}\ndef {0}(): return _cache.setdefault('k', '{0}')\n"
    text = compose_module("", [unit("one", code.format("one")), unit("two", code.format("two"))])
    namespace = run(text)
    assert [namespace[name]() for name in ("one", "two")] == ["one", "two"]  # type: ignore[operator]


def test_imports_of_one_name_from_two_places_both_work() -> None:
    one = unit("one", "import datetime\ndef one(): return datetime.datetime(2020, 1, 1).year\n")
    two = unit("two", "from datetime import datetime\ndef two(): return datetime(2021, 1, 1).year\n")
    text = compose_module("", [one, two])
    assert (call(text, "one"), call(text, "two")) == (2020, 2021)


def test_an_import_does_not_hide_a_builtin_from_other_units() -> None:
    one = unit("one", "from math import pow\ndef one(): return pow(2, 2)\n")
    two = unit("two", "def two(): return pow(2, 5, 7)\n")
    text = compose_module("", [one, two])
    assert (call(text, "one"), call(text, "two")) == (4.0, 4)


def test_an_import_of_a_name_the_module_defines_is_kept_apart() -> None:
    one = unit("dumps", "def dumps(): return 'mine'\n")
    two = unit("two", "from json import dumps\ndef two(): return dumps([])\n")
    assert call(compose_module("", [one, two]), "two") == "[]"


def test_bases_come_before_the_classes_that_inherit_them() -> None:
    child = unit("Child", "from pkg.mod import Base as Parent\nclass Child(Parent): pass\n")
    base = unit("Base", "from .mod import Child\ndef _check(): return Child\nclass Base: pass\n")
    text = compose_module("", [child, base], module="pkg.mod")
    namespace = run(text)
    assert issubclass(namespace["Child"], namespace["Base"])  # type: ignore[arg-type]
    assert "import Base" not in text
    assert "import Child" not in text


def test_what_a_function_called_at_import_time_needs_comes_first() -> None:
    table = unit("TABLE", "TABLE = build()\n")
    build = unit("build", "def build(): return size()\n")
    size = unit("size", "def size(): return 3\n")
    assert run(compose_module("", [table, build, size]))["TABLE"] == 3


def test_a_cycle_at_import_time_is_named() -> None:
    with pytest.raises(ComposeError, match="A -> B -> A"):
        compose_module("", [unit("A", "class A(B): ...\n"), unit("B", "class B(A): ...\n")])


def test_annotations_do_not_order_anything() -> None:
    text = compose_module("", [unit("A", "class A:\n    b: B\n"), unit("B", "class B: ...\n")])
    assert text.index("class A") < text.index("class B")


def test_two_units_of_one_name_are_refused() -> None:
    with pytest.raises(ComposeError, match="`f` is defined by two parts"):
        compose_module("", [unit("f", "def f(): ...\n"), unit("f", "def f(): ...\n")])


def test_importing_what_the_module_does_not_define_is_refused() -> None:
    with pytest.raises(ComposeError, match=r"names nothing that `pkg\.mod` defines"):
        compose_module("", [unit("f", "from pkg.mod import g\ndef f(): ...\n")], module="pkg.mod")


def test_type_checking_imports_give_way_to_real_ones() -> None:
    guard = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a import B\n    from a import C\n"
    one = unit("one", guard + "def one(b: B, c: C): ...\n")
    two = unit("two", "from a import B\ndef two(): return B\n")
    text = compose_module("", [one, two])
    assert "from typing import TYPE_CHECKING" in text
    assert "if TYPE_CHECKING:\n    from a import C\n" in text
    assert text.count("import B") == 1


def test_a_constant_keeps_the_comment_above_it_and_stands_below_its_neighbour() -> None:
    text = compose_module("", [unit("f", "_A = 1\n# Why.\n_B = 2\ndef f(): ...\n")])
    assert "_A = 1\n# Why.\n_B = 2\n\n\ndef f" in text


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=100, deadline=None)
def test_any_docstring_gives_a_module_that_says_it(docstring: str) -> None:
    text = compose_module(docstring, [])
    said = ast.get_docstring(ast.parse(text), clean=False) or ""
    assert said.strip() == docstring.replace("\r\n", "\n").replace("\r", "\n").strip()


NAMES = ["_a", "_b", "_c"]
IMPORTS = [
    ("import json", "json"),
    ("import math as json", "json"),
    ("from os import path", "path"),
    ("from sys import path", "path"),
    ("from operator import abs", "abs"),
    ("import os.path", "os"),
]


def value_of(helper: str) -> str:
    return f"({helper}() if callable({helper}) else {helper})"


@st.composite
def unit_sources(draw: st.DrawFn, name: str) -> UnitSource:
    imports = draw(st.lists(st.sampled_from(IMPORTS), unique_by=lambda pair: pair[1], max_size=3))
    lines = [statement for statement, _ in imports]
    helpers = draw(st.lists(st.sampled_from(NAMES), unique=True))
    for index, helper in enumerate(helpers):
        value = draw(st.sampled_from(["1", "2", "'_a'", *map(value_of, helpers[:index])]))
        shapes = [
            f"{helper} = {value}",
            f"def {helper}(_a={value}): return _a, {value}",
            f"class {helper}:\n    _a = {value}\n    def __repr__(self): return repr((self._a, {value}))",
        ]
        lines.append(draw(st.sampled_from(shapes)))
    fields = "".join(f"{{{value_of(helper)!r}}} {{{value_of(helper)}!r}}" for helper in helpers)
    parts = [*map(value_of, helpers), *[bound for _, bound in imports], f'f"_a {fields}"']
    parts += ["[repr(_a) for _a in '_a']", "(lambda _b: _b)('_b')", "abs(-1)", "dict(_a=1)"]
    lines += [f"def {name}():", f"    return ({', '.join(parts)},)"]
    return UnitSource(name, "\n".join(lines) + "\n")


@st.composite
def modules(draw: st.DrawFn) -> list[UnitSource]:
    return [draw(unit_sources(name)) for name in ["one", "two", "three"][: draw(st.integers(1, 3))]]


@given(modules())
@settings(max_examples=150, deadline=None)
def test_every_unit_does_in_the_module_what_it_did_alone(units: list[UnitSource]) -> None:
    namespace = run(compose_module("Doc.", units))
    for source in units:
        alone = call(source.code, source.name)
        together = namespace[source.name]()  # type: ignore[operator]
        assert repr(together) == repr(alone)


@given(unit_sources("one"))
@settings(max_examples=100, deadline=None)
def test_composing_a_unit_again_changes_nothing(source: UnitSource) -> None:
    once = compose_module("Doc.", [source])
    assert compose_module("Doc.", [UnitSource("one", once)]) == once


def test_long_imports_are_wrapped_one_name_a_line() -> None:
    names = [f"a_rather_long_name_{number}" for number in range(6)]
    text = compose_module("", [unit("f", f"from pkg import {', '.join(names)}\ndef f(): ...\n")])
    assert "from pkg import (\n    a_rather_long_name_0,\n" in text
    assert max(len(line) for line in text.splitlines()) <= 88


STORE = "import pytest\n@pytest.fixture\ndef store():\n    return {0}\n\n\n{1}"


def test_test_modules_share_equal_fixtures_and_rename_different_ones() -> None:
    one = UnitSource("one", STORE.format(1, "def test_one(store):\n    assert store == 1\n"))
    two = UnitSource(
        "two.x",
        STORE.format(2, "@pytest.mark.usefixtures('store')\ndef test_two(store):\n    assert store == 2, 'store'\n"),
    )
    text = compose_tests([one, two, UnitSource("three", STORE.format(1, "def test_three(store): assert store\n"))])
    assert text.count("def store()") == 1
    assert "def _two_x_store():\n    return 2" in text
    assert "usefixtures('_two_x_store')\ndef test_two(_two_x_store):\n    assert _two_x_store == 2, 'store'" in text
    assert "def test_three(store)" in text


def test_test_modules_keep_test_classes_and_public_helpers() -> None:
    text = compose_tests([UnitSource("a", "def make(): return 1\nclass TestA:\n    def test_a(self): assert make()\n")])
    assert "def make()" in text
    assert "class TestA" in text


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("def test_a(): ...", "`test_a` is defined by two parts"),
        ("import pytest\n@pytest.fixture(autouse=True)\ndef clean(): ...", "`clean` would act on tests of other parts"),
        ("pytestmark = 1", "`pytestmark` would act on tests of other parts"),
        ("print(1)", "`print(1)` runs while the module is imported"),
        ("def test_b(): ...\ndef test_b(): ...", "`test_b` is defined 2 times"),
    ],
)
def test_test_parts_that_do_not_fit_are_refused(second: str, expected: str) -> None:
    with pytest.raises(ComposeError) as caught:
        compose_tests([UnitSource("a", "def test_a(): assert 1\n"), UnitSource("b", second)])
    assert any(expected in problem for problem in caught.value.problems)
