from __future__ import annotations

from linked import link


def test_decorators_are_uses() -> None:
    found = link(
        {
            "marks.py": "def traced(function): ...",
            "a.py": """
            import marks
            from marks import traced
            @traced
            def one(): ...
            @marks.traced
            def two(): ...
            """,
        }
    )
    assert found.uses("a.py::one") | found.uses("a.py") >= {"marks.py::traced"}
    assert "marks.py::traced" in found.uses("a.py::two") | found.uses("a.py")


def test_nested_functions_are_found_from_inside_out() -> None:
    found = link(
        {
            "a.py": """
            def helper(): ...
            def outer():
                def helper(): ...
                def inner():
                    helper()
                inner()
            class Box:
                def helper(self): ...
                def run(self):
                    helper()
            """
        }
    )
    assert found.calls("a.py::outer.inner") == {"a.py::outer.helper"}
    assert found.calls("a.py::outer") == {"a.py::outer.inner"}
    assert found.calls("a.py::Box.run") == {"a.py::helper"}


def test_parameters_and_locals_shadow_outer_names() -> None:
    found = link(
        {
            "a.py": """
            def helper(): ...
            class Other:
                def go(self): ...
            class Store:
                def go(self): ...
            store = Other()
            def by_parameter(helper, *rest):
                helper()
            def by_default(f=helper):
                f()
            def by_local():
                store = Store()
                store.go()
            """
        }
    )
    assert found.calls("a.py::by_parameter") == set()
    assert found.calls("a.py::by_local") == {"a.py::Store", "a.py::Store.go"}


def test_conditional_definitions_give_the_first() -> None:
    found = link(
        {
            "a.py": """
            import sys
            if sys.platform == "win32":
                def helper(): ...
            else:
                def helper(): ...
            def run():
                helper()
            """
        }
    )
    assert found.calls("a.py::run") == {"a.py::helper"}


def test_overloads_give_the_implementation() -> None:
    found = link(
        {
            "a.py": """
            from typing import overload
            @overload
            def parse(text: str) -> str: ...
            @overload
            def parse(text: int) -> int: ...
            def parse(text): ...
            def run():
                parse(1)
            """
        }
    )
    assert found.calls("a.py::run") == {"a.py::parse#3"}


def test_unknown_receiver_gives_a_guess_only_for_a_lone_telling_name() -> None:
    found = link(
        {
            "a.py": """
            class Store:
                def consolidate(self): ...
                def append(self): ...
                def twice(self): ...
            class Other:
                def twice(self): ...
            def run(x):
                x.consolidate()
                x.append()
                x.twice()
            """,
            "b.py": """
            import numpy as np
            def run():
                np.consolidate()
                made = np.array()
                made.consolidate()
            """,
        }
    )
    assert found.calls("a.py::run") == {"a.py::Store.consolidate"}
    assert found.confidence("a.py::run", "a.py::Store.consolidate") == 0.5
    assert found.calls("b.py::run") == set()


def test_lines_of_all_sites_are_kept_once_and_in_order() -> None:
    found = link({"a.py": "def f(): ...\ndef g():\n    f(f())\n    f()\nf()\n"})
    assert found.lines("a.py::g", "a.py::f") == (3, 4)
    assert found.lines("a.py", "a.py::f") == (5,)


def test_recursion_is_a_call_of_itself() -> None:
    assert link({"a.py": "def f():\n    f()\n"}).calls("a.py::f") == {"a.py::f"}


def test_values_read_are_uses_of_the_last_part_that_has_a_node() -> None:
    found = link(
        {
            "settings.py": "DEBUG = True\nclass Modes:\n    fast = 1\ndef check(): ...",
            "a.py": """
            import settings
            from settings import Modes, check
            def run():
                return settings.DEBUG, Modes.fast, [check]
            """,
        }
    )
    assert found.uses("a.py::run") == {"settings.py::DEBUG", "settings.py::Modes", "settings.py::check"}
