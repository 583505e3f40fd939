import ast
from textwrap import dedent

import pytest

from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.python_source import stub

SOURCE = dedent(
    '''
    import os

    LIMIT = max(1, 2)  # kept


    class Stack(Base):
        """A stack."""

        size: int = 0

        def __init__(self, items: list[int]) -> None:
            """Make it."""
            self.items = items  # gone

        # kept too
        @property
        def top(self) -> int:
            if self.items:
                return self.items[-1]
            raise IndexError

        def one(self): return 1
        def two(self): "Doc."; return 2
        def three(
            self,
        ) -> int: return 3


    @decorated(LIMIT)
    async def f(a: int = LIMIT) -> bool:
        @inner
        def g():
            pass
        return g
    '''
)
STUB = dedent(
    '''
    import os

    LIMIT = max(1, 2)  # kept


    class Stack(Base):
        """A stack."""

        size: int = 0

        def __init__(self, items: list[int]) -> None:
            """Make it."""
            raise NotImplementedError("Stack.__init__")

        # kept too
        @property
        def top(self) -> int:
            raise NotImplementedError("Stack.top")

        def one(self): raise NotImplementedError("Stack.one")
        def two(self): "Doc."; raise NotImplementedError("Stack.two")
        def three(
            self,
        ) -> int: raise NotImplementedError("Stack.three")


    @decorated(LIMIT)
    async def f(a: int = LIMIT) -> bool:
        raise NotImplementedError("f")
    '''
)


def test_stub_replaces_bodies_and_nothing_else() -> None:
    assert stub(SOURCE) == STUB


def test_stub_of_a_stub_is_the_stub() -> None:
    assert stub(STUB) == STUB


def test_stub_takes_a_bare_signature() -> None:
    assert stub("def f(a: int) -> int") == 'def f(a: int) -> int: raise NotImplementedError("f")\n'


def test_stub_keeps_a_dataclass_without_methods() -> None:
    source = "@dataclass\nclass P:\n    x: int\n    y: list[int] = field(default_factory=list)\n"
    assert stub(source) == source


def test_stubbed_enum_with_a_constructor_can_be_imported() -> None:
    source = (
        "from enum import Enum\n"
        "class Planet(Enum):\n"
        "    EARTH = (1,)\n"
        "    def __init__(self, mass):\n"
        "        self.mass = mass\n"
        "    def weight(self):\n"
        "        return self.mass\n"
    )
    namespace: dict[str, object] = {}
    exec(compile(stub(source), "stub", "exec"), namespace)
    planet = namespace["Planet"]
    assert planet.EARTH.mass == 1  # type: ignore[attr-defined]
    with pytest.raises(NotImplementedError, match=r"Planet\.weight"):
        planet.EARTH.weight()  # type: ignore[attr-defined]


def test_stub_leaves_overloads_as_they_are() -> None:
    source = "@overload\ndef f(a: int) -> int: ...\ndef f(a): return a\n"
    assert stub(source) == '@overload\ndef f(a: int) -> int: ...\ndef f(a): raise NotImplementedError("f")\n'


def test_stub_counts_bytes_not_characters() -> None:
    source = 'def f(a="ä"):\n    """Größe."""\n    return "ü"\n'
    assert stub(source) == 'def f(a="ä"):\n    """Größe."""\n    raise NotImplementedError("f")\n'


def test_stub_keeps_tabs() -> None:
    assert ast.parse(stub("class A:\n\tdef f(self):\n\t\t'Doc.'\n\t\treturn 1\n"))


def test_stub_of_broken_code_is_an_error() -> None:
    with pytest.raises(SourceError, match="line 1"):
        stub("def f(:\n    pass\n")
