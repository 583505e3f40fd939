from __future__ import annotations

import pytest

from repowright.repo_tools.heads import Head, MethodHead, Verdicts, is_plain_class, module_names

SOURCE = '''
import numpy as np
from typing import Optional

try:
    import simplejson as json
except ImportError:
    import json

LIMIT = 5


@register
class Store(Base, metaclass=Meta):
    """Keeps things."""

    size: np.ndarray = np.zeros(3)
    limit = LIMIT
    shared = Other()
    again = shared

    def put(self, what: "Thing", how: Mode = Mode.FAST) -> Optional["Thing"]:
        """Put it."""
        return self._put(what)

    def _put(self, what): ...


class Kept(Exception):
    def __init__(self, why):
        super().__init__(f"no: {why}")
        self.why = why


class Busy:
    def run(self):
        for one in range(3):
            print(one)
'''


def fitted(verdicts: Verdicts) -> tuple[str, list[str]]:
    head = Head.from_source(SOURCE, "Store")
    assert head is not None
    head.strip(bodies=False)
    changes = head.fit(verdicts, head.free_names())
    return head.text(), changes


def test_head_keeps_what_is_known() -> None:
    text, changes = fitted(Verdicts())
    assert "@register" in text and "class Store(Base, metaclass=Meta):" in text
    assert "return" not in text and "_put" not in text and changes == []


def test_unknown_names_leave_a_head_that_stands_alone() -> None:
    unknown = frozenset({"np", "Base", "Meta", "Mode", "register", "Other", "Thing"})
    text, changes = fitted(Verdicts(unknown=unknown, literals={"LIMIT": "5"}))
    assert "class Store:" in text and "@register" not in text
    assert "size: object = None" in text and "limit = 5" in text and "shared: object" in text
    assert "def put(self, what: object, how: object=None) -> Optional[object]:" in text
    assert "again: object" in text
    assert len(changes) > 5


def test_stubs_may_be_named_but_not_run_while_a_module_is_imported() -> None:
    text, _ = fitted(Verdicts(stubs=frozenset({"Base", "Other", "Mode", "register"})))
    assert "class Store(Base, metaclass=Meta):" in text
    assert "how: Mode=None" in text and "shared: object" in text and "@register" not in text


def test_name_that_would_close_a_circle_is_put_in_quotes() -> None:
    text, _ = fitted(Verdicts(quoted=frozenset({"Thing"})))
    assert "what: 'Thing'" in text and "-> 'Optional[Thing]'" in text


def test_head_comes_from_signatures_where_there_is_no_source() -> None:
    methods = [MethodHead("f", "def f(self, a: int) -> str", "Do f."), MethodHead("g", "def g(x)", "")]
    head = Head.from_signature("class A(B)", "An A.", methods)
    assert head is not None
    text = head.text()
    assert "class A(B):" in text and '"""Do f."""' in text and "@staticmethod" in text
    assert Head.from_signature("class (", "") is None


@pytest.mark.parametrize(("name", "plain"), [("Kept", True), ("Busy", False), ("Store", False), ("None", None)])
def test_class_that_only_declares_is_plain(name: str, plain: bool | None) -> None:
    assert is_plain_class(SOURCE, name) is plain


def test_names_of_a_module_prefer_the_standard_library() -> None:
    names = module_names(SOURCE)
    assert names.imports["json"].module == "json" and not names.imports["json"].alias
    assert names.constants == {"LIMIT": "5"}
    assert module_names("def (") == module_names("")


def test_class_body_runs_none_of_its_own_stubs() -> None:
    source = """
class A:
    def locked(function): return function

    @locked
    def run(self): ...

    @property
    def size(self): return 1

    @size.setter
    def size(self, value): ...

    class Inner: ...

    zero = Inner(0)
    kind = Inner
    total = property(run)
"""
    head = Head.from_source(source, "A")
    assert head is not None
    head.strip(bodies=False)
    head.fit(Verdicts(), head.free_names())
    text = head.text()
    assert "@locked" not in text and "@size.setter" in text and "@property" in text
    assert "zero: object" in text and "kind = Inner" in text and "total = property(run)" in text
