from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.repo_tools import tests as discovery
from repowright.repo_tools.errors import SourceError

SOURCE = dedent(
    """
    import pytest

    from pkg import Stack


    def check(stack):
        deeper(stack)


    def deeper(stack):
        assert stack


    @pytest.mark.parametrize("n", [1, 2])
    def test_many(n):
        assert n
        assert n > 0


    class TestStack:
        LIMIT = 3

        def test_helper(self):
            check(Stack())

        async def test_raises(self):
            with pytest.raises(ValueError):
                await Stack().pop()

        def helper(self):
            pass

        class TestInner:
            def test_nothing(self):
                Stack()


    class Odd(unittest.TestCase):
        def test_equal(self):
            self.assertEqual(1, 1)
    """
)


def test_tests_are_found_with_spans_and_assertions() -> None:
    assert [(test.name, test.span, test.asserts) for test in discovery.test_functions(SOURCE)] == [
        ("test_many", (15, 18), 2),
        ("TestStack::test_helper", (24, 25), 1),
        ("TestStack::test_raises", (27, 29), 1),
        ("TestStack::TestInner::test_nothing", (35, 36), 0),
        ("Odd::test_equal", (40, 41), 1),
    ]


def test_parametrised_tests_and_those_of_parametrised_classes_are_told() -> None:
    source = (
        "@pytest.mark.parametrize('a', [1])\nclass TestA:\n    def test_a(self, a): assert a\ndef test_b(): assert 1\n"
    )
    assert [test.parametrised for test in discovery.test_functions(source)] == [True, False]


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("assert x", 1),
        ("assert True", 0),
        ("pytest.fail('no')", 1),
        ("mock.assert_called_once_with(1)", 1),
        ("numpy.testing.assert_allclose(a, b)", 1),
        ("raise AssertionError('no')", 1),
        ("raise ValueError", 0),
        ("with pytest.warns(UserWarning): f()", 1),
        ("def inner(): assert x\n    inner()", 2),
        ("test_a()", 0),
        ("print(x)", 0),
    ],
)
def test_what_can_fail_a_test_is_counted(body: str, count: int) -> None:
    (test,) = discovery.test_functions(f"def test_a(x):\n    {body}\n")
    assert test.asserts == count


def test_helpers_that_call_each_other_are_counted_once() -> None:
    source = "def a(): b()\ndef b():\n    a()\n    assert x\ndef test_a():\n    a()\n"
    assert discovery.test_functions(source)[0].asserts == 1


def test_a_sound_module_has_no_problems() -> None:
    source = SOURCE.replace("            Stack()\n", "            assert Stack()\n")
    assert discovery.test_problems(source, ["pkg"]) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\n", "the module has no test functions"),
        ("def test_a(): pass\n", "line 1: `test_a` asserts nothing"),
        ("def test_a(): assert f()\ndef test_a(): assert g()\n", "`test_a` is defined twice"),
        ("@pytest.mark.skip\ndef test_a(): assert f()\n", "line 1: `pytest.mark.skip` keeps a test from counting"),
        ("def test_a():\n    pytest.skip('x')\n    assert f()\n", "line 2: `pytest.skip` keeps"),
        ("@pytest.mark.xfail(strict=True)\ndef test_a(): assert f()\n", "line 1: `pytest.mark.xfail` keeps"),
        ("from unittest import skip\n@skip\ndef test_a(): assert f()\n", "line 2: `skip` keeps"),
        ("a = pytest.importorskip('a')\ndef test_a(): assert f()\n", "line 1: `pytest.importorskip` keeps"),
        ("def test_a():\n    assert f()\n    sys.exit(0)\n", "line 3: `sys.exit` ends the process"),
        ("def test_a():\n    assert f()\n    os._exit(0)\n", "line 3: `os._exit` ends the process"),
        ("print(1)\ndef test_a(): assert f()\n", "line 1: `print(1)` runs while the module is imported"),
        ("import numpy as np\ndef test_a(): assert f()\n", "line 1: `numpy` is neither in the standard library"),
        ("def test_a():\n    from .a import b\n    assert b\n", "line 2: a relative import"),
    ],
)
def test_problems_of_a_test_module_are_named_with_their_lines(source: str, expected: str) -> None:
    said = discovery.test_problems(source, ["pkg"])
    assert any(problem.startswith(expected) for problem in said), said


def test_a_method_called_skip_is_no_problem() -> None:
    assert discovery.test_problems("def test_a(reader):\n    assert reader.skip(3)\n") == []


def test_removed_tests_leave_the_rest_byte_for_byte() -> None:
    source = "import a  \n\n\ndef test_a():\n    pass\n\n\n# about b\ndef test_b(): pass\n\n\ndef helper(): pass\n"
    assert discovery.without_tests(source, ["test_a"]) == source.replace("def test_a():\n    pass\n\n\n", "")
    assert discovery.without_tests(source, ["test_b[1-2]"]) == source.replace("def test_b(): pass\n", "")


def test_a_class_left_empty_goes_with_its_tests() -> None:
    kept = "import a\n"
    source = f'{kept}\n\nclass TestA:\n    """Doc."""\n\n    def test_a(self): pass\n\n    def test_b(self): pass\n'
    assert discovery.without_tests(source, ["TestA::test_a", "TestA::test_b"]) == kept
    assert discovery.without_tests(source, ["TestA::test_b"]).endswith("    def test_a(self): pass\n")


def test_a_class_with_anything_else_stays() -> None:
    source = "class TestA:\n    LIMIT = 3\n\n    def test_a(self): pass\n"
    assert discovery.without_tests(source, ["TestA::test_a"]) == "class TestA:\n    LIMIT = 3\n"


def test_names_that_are_not_there_change_nothing() -> None:
    assert discovery.without_tests(SOURCE, ["test_nowhere", "TestStack::helper"]) == SOURCE


def test_removing_the_only_statement_of_a_block_is_an_error() -> None:
    with pytest.raises(SourceError):
        discovery.without_tests("if x:\n    def test_a(): pass\nelse:\n    y = 1\n", ["test_a"])


NAMES = [test.name for test in discovery.test_functions(SOURCE)]


@given(st.sets(st.sampled_from(NAMES)))
def test_exactly_the_named_tests_go(names: set[str]) -> None:
    left = discovery.without_tests(SOURCE, names)
    assert [test.name for test in discovery.test_functions(left)] == [name for name in NAMES if name not in names]
    rest = iter(left.splitlines())
    position = iter(SOURCE.splitlines())
    assert all(any(line == candidate for candidate in position) for line in rest)


def test_broken_tests_are_an_error() -> None:
    with pytest.raises(SourceError, match="line 1"):
        discovery.test_functions("def test_a(:\n")
