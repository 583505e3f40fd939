from __future__ import annotations

import ast

import pytest

from repowright.benchmarks.repocraft.evaluate.checks import Rules, collected_tests, problems_of
from repowright.benchmarks.repocraft.evaluate.gold import expected_values, third_parties

GOLD = """class TestTax:
    @pytest.mark.parametrize("net, gross", [(1000, 1190), (200, 238)])
    def test_tax(self, net, gross):
        assert with_tax(net, "full") == gross

    def test_unknown_rate(self):
        with pytest.raises(ValueError):
            with_tax(1000, "none")
"""
RULES = Rules(GOLD, ("test_tax", "test_unknown_rate"), ("shop",), ("bazaar",), ("yaml",))
GOOD = """import pytest

from shop.prices import gross


@pytest.mark.parametrize("net, wanted", [(1000, 1190), (200, 238)])
def test_tax(net, wanted):
    assert gross(net, "full") == wanted


def test_unknown_rate():
    with pytest.raises(ValueError):
        gross(1000, "none")
"""


def test_faithful_test_has_no_problems() -> None:
    assert problems_of(GOOD, RULES) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("def test_unknown_rate", "def test_another", "they must be test_tax, test_unknown_rate"),
        ('def test_unknown_rate():\n    with pytest.raises(ValueError):\n        gross(1000, "none")\n', "", "must be"),
        ('    assert gross(net, "full") == wanted', '    gross(net, "full")', "test_tax asserts nothing"),
        ('    assert gross(net, "full") == wanted', "    assert True", "asserts nothing"),
        ("from shop.prices import gross", "from bazaar import with_tax as gross", "`bazaar` must not be imported"),
        ("from shop.prices import gross", "from shop.prices import gross\nimport numpy", "`numpy` must not"),
        ("from shop.prices import gross", "from .prices import gross", "relative import"),
        ("from shop.prices import gross", "def gross(net, rate):\n    return 1190", "does not import shop"),
        ("def test_unknown_rate", "@pytest.mark.skip\ndef test_unknown_rate", "keeps a test from counting"),
        ("def test_unknown_rate", "@pytest.mark.xfail\ndef test_unknown_rate", "keeps a test from counting"),
        ("    assert gross", "    pytest.importorskip('bazaar')\n    assert gross", "keeps a test from counting"),
        ("    assert gross", "    __import__('bazaar')\n    assert gross", "`__import__` is not allowed"),
        ("    assert gross", "    import os\n    os._exit(0)\n    assert gross", "`os._exit` is not allowed"),
        (
            '    assert gross(net, "full") == wanted',
            '    try:\n        assert gross(net, "full") == wanted\n    except Exception:\n        pass',
            "swallows",
        ),
        ("[(1000, 1190), (200, 238)]", "[(1, 1), (0, 0)]", "expected values of the real test are missing"),
    ],
)
def test_way_out_is_named(old: str, new: str, told: str) -> None:
    assert old in GOOD
    problems = problems_of(GOOD.replace(old, new), RULES)
    assert any(told in problem for problem in problems), problems


def test_third_parties_of_the_real_test_are_allowed() -> None:
    assert problems_of(GOOD.replace("import pytest\n", "import pytest\nimport yaml\n"), RULES) == []


def test_handler_that_the_real_test_has_is_allowed() -> None:
    swallowing = "\n\ndef test_x():\n    try:\n        assert f() == 12345\n    except Exception:\n        pass\n"
    rules = Rules(swallowing, ("test_x",), ("shop",), ("bazaar",), ())
    assert problems_of("from shop import f\n" + swallowing, rules) == []


def test_skip_is_refused_even_where_the_real_test_skips() -> None:
    skipping = "\n\ndef test_x():\n    if f() is None:\n        pytest.skip('no')\n    assert f() == 12345\n"
    rules = Rules(skipping, ("test_x",), ("shop",), ("bazaar",), ())
    assert any("counting" in each for each in problems_of("import pytest\nfrom shop import f\n" + skipping, rules))


def test_only_what_pytest_collects_is_a_test() -> None:
    tree = ast.parse(
        "class Helper:\n    def test_a(self): ...\nclass TestB:\n    def test_b(self): ...\n"
        "class Cases(unittest.TestCase):\n    def test_c(self): ...\ndef test_d(): ...\n"
    )
    assert [name for name, _ in collected_tests(tree)] == ["TestB::test_b", "Cases::test_c", "test_d"]


def test_values_are_telling_constants_of_the_test() -> None:
    tree = ast.parse("def test_a():\n    '''words'''\n    assert f('bazaar.x', 'abc', 1, 7.5) == b'xyz'\n")
    assert expected_values(tree, ("bazaar",)) == {"abc", 7.5, b"xyz"}


def test_third_parties_are_found_by_import_and_by_convention() -> None:
    code = "    def test_a(self):\n        import yaml, os\n        assert np.sum(yaml.load(pd)) == 1\n"
    assert third_parties(code) == ("numpy", "pandas", "yaml")
