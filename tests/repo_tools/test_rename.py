from textwrap import dedent

import pytest

from repowright.repo_tools.rename import rename_globals


def renamed(source: str) -> str:
    return rename_globals(dedent(source), {"_x": "_new"})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("_x = 1", "_new = 1"),
        ("def f(a=_x): return _x", "def f(a=_new): return _new"),
        ("def _x(): return _x()", "def _new(): return _new()"),
        ("async def _x(): ...", "async def _new(): ..."),
        ("class _x(Base): ...", "class _new(Base): ..."),
        ("def f(_x): return _x", "def f(_x): return _x"),
        ("def f(_x=_x): return _x", "def f(_x=_new): return _x"),
        ("def f(): _x = 1; return _x", "def f(): _x = 1; return _x"),
        ("def f():\n    global _x\n    _x = 1", "def f():\n    global _new\n    _new = 1"),
        ("def f(): return a._x, g(_x=_x)", "def f(): return a._x, g(_x=_new)"),
        (
            "def f(): return '_x', f'_x {_x} {a._x} {g(_x=_x)}'",
            "def f(): return '_x', f'_x {_new} {a._x} {g(_x=_new)}'",
        ),
        ("def f(): return f'{a:{_x}}'", "def f(): return f'{a:{_new}}'"),
        ("def f(): return [_x for _x in _x]", "def f(): return [_x for _x in _new]"),
        ("def f(): return [_x for a in b if _x]", "def f(): return [_new for a in b if _new]"),
        ("f = lambda _x: _x", "f = lambda _x: _x"),
        ("f = lambda a=_x: _x", "f = lambda a=_new: _new"),
        ("def f(a: _x, b: '_x | None') -> 'list[_x]': ...", "def f(a: _new, b: '_new | None') -> 'list[_new]': ..."),
        ("def f(a: Literal['_x']): ...", "def f(a: Literal['_x']): ..."),
        (
            "class A:\n    _x = _x\n    y = _x\n    def f(self): return _x",
            "class A:\n    _x = _new\n    y = _x\n    def f(self): return _new",
        ),
        ("class A:\n    def _x(self): return _x()", "class A:\n    def _x(self): return _new()"),
        ("def f():\n    def g(): return _x\n    _x = 1", "def f():\n    def g(): return _x\n    _x = 1"),
        ("def f():\n    import _x\n    return _x", "def f():\n    import _x\n    return _x"),
        (
            "def f(a):\n    match a:\n        case [_x]: return _x",
            "def f(a):\n    match a:\n        case [_x]: return _x",
        ),
        ("def f():\n    'ä'; return 'ö', _x", "def f():\n    'ä'; return 'ö', _new"),
        ("def f(): return [(_x := 1) for a in b], _x", "def f(): return [(_x := 1) for a in b], _x"),
        ("_xy = __x = 1", "_xy = __x = 1"),
    ],
)
def test_only_the_module_level_name_is_renamed(source: str, expected: str) -> None:
    assert renamed(source) == expected


def test_text_without_the_name_is_returned_as_it_is() -> None:
    assert rename_globals("not python at all (", {"_x": "_y"}) == "not python at all ("
