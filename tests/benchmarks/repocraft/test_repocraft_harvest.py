from pathlib import Path

import pytest

from repowright.benchmarks.repocraft.construction.harvest import Harvest, harvest
from repowright.benchmarks.repocraft.construction.records import FoundTest
from repowright.benchmarks.repocraft.construction.release import Release


def tree(root: Path, files: dict[str, str | bytes]) -> Release:
    for name, text in {"shapes/__init__.py": "", **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return Release("shapes", "1.0", "", root, "shapes")


def read(root: Path, source: str, **more: str) -> dict[str, FoundTest]:
    found = harvest(tree(root, {"tests/test_it.py": source, **more}), processes=1)
    return {test.name: test for test in found.tests}


def reasons(root: Path, source: str, **more: str) -> dict[str, str]:
    return {name: test.reason.word if test.reason else "" for name, test in read(root, source, **more).items()}


def words(found: Harvest) -> dict[str, str]:
    return {file.file: file.problem.word if file.problem else "" for file in found.files}


def test_functions_methods_and_nested_classes_are_found_and_inner_functions_are_not(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "def test_a():\n    def test_inner():\n        assert 1 == area()\n    assert area() == 2\n"
        "class TestB:\n    def test_b(self):\n        assert area() == 3\n"
        "    class TestC:\n        def test_c(self):\n            assert area() == 4\n"
        "def helper():\n    assert area() == 5\n",
    )
    assert [test.label for test in found.values()] == [
        "tests/test_it.py::test_a",
        "tests/test_it.py::TestB::test_b",
        "tests/test_it.py::TestB::TestC::test_c",
    ]


def test_a_mixin_runs_in_its_first_collected_subclass(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "class CheckArea:\n    def test_area(self):\n        assert self.shape.area == 2\n"
        "    def test_edge(self):\n        assert self.shape.edge == 1\n"
        "class Other(CheckArea): pass\n"
        "class TestSquare(Other):\n    def test_edge(self):\n        assert self.shape.edge == 3\n"
        "class TestCircle(CheckArea): pass\n",
    )
    assert found["test_area"].label == "tests/test_it.py::TestSquare::test_area"
    assert found["test_area"].owner == "CheckArea"
    edges = [test for test in harvest(tree(tmp_path, {}), 1).tests if test.name == "test_edge"]
    assert [(test.owner, test.runs_as) for test in edges] == [("CheckArea", "TestCircle"), ("TestSquare", "TestSquare")]


def test_a_class_that_nothing_collects_is_left_out(tmp_path: Path) -> None:
    found = reasons(
        tmp_path,
        "class Check:\n    def test_a(self):\n        assert area() == 1\n"
        "class TestMade:\n    def __init__(self): pass\n    def test_b(self):\n        assert area() == 1\n"
        "class TestOff:\n    __test__ = False\n    def test_c(self):\n        assert area() == 1\n",
    )
    assert found == dict.fromkeys(["test_a", "test_b", "test_c"], "not-collectable")


def test_a_unittest_class_is_collected_whatever_its_name_even_through_another_file(tmp_path: Path) -> None:
    found = reasons(
        tmp_path,
        "from .test_base import Base\n"
        "class Squares(Base):\n    def test_a(self):\n        self.assertEqual(area(), 1)\n",
        **{"tests/test_base.py": "import unittest\nclass Base(unittest.TestCase):\n    pass\n"},
    )
    assert found == {"test_a": ""}


def test_a_class_is_collected_through_a_base_in_a_module_that_is_no_test_file(tmp_path: Path) -> None:
    found = reasons(
        tmp_path,
        "from tests.base import Base\n"
        "class Squares(Base):\n    def test_a(self):\n        self.assertEqual(area(), 1)\n",
        **{"tests/base.py": "from unittest import TestCase\nclass Base(TestCase):\n    pass\n"},
    )
    assert found == {"test_a": ""}


def test_a_project_with_its_own_unittest_runner_collects_no_functions(tmp_path: Path) -> None:
    found = reasons(
        tmp_path,
        "def test_a():\n    assert area() == 1\nclass TestB:\n    def test_b(self):\n        assert area() == 1\n",
        **{"tests/runtests.py": ""},
    )
    assert found == {"test_a": "not-collectable", "test_b": "not-collectable"}


@pytest.mark.parametrize(
    ("mark", "reason"),
    [
        ("@pytest.mark.skip", "skipped-mark"),
        ("@pytest.mark.skipif(WINDOWS, reason='x')", "skipped-mark"),
        ("@pytest.mark.xfail(strict=True)", "skipped-mark"),
        ("@XFAIL", "skipped-mark"),
        ("@unittest.expectedFailure", "skipped-mark"),
        ("@skipUnlessDBFeature('supports_json')", "skipped-mark"),
        ("@unittest.skipUnless(connection.vendor == 'postgresql', 'x')", "needs-database"),
        ("@pytest.mark.network", "needs-network"),
        ("@pytest.mark.slow", "slow-mark"),
        ("@pytest.mark.matplotlib", "needs-display"),
        ("@pytest.mark.gpu", "needs-gpu"),
        ("@pytest.mark.parametrize('n', [1, pytest.param(2, marks=pytest.mark.xfail)])", "unavailable-parameters"),
        ("@pytest.mark.parametrize('n', [1, 2])", ""),
        ("@pytest.mark.filterwarnings('ignore')", ""),
    ],
)
def test_marks_leave_a_test_out(mark: str, reason: str, tmp_path: Path) -> None:
    assert reasons(tmp_path, f"{mark}\ndef test_a(n):\n    assert area(n) == 1\n") == {"test_a": reason}


@pytest.mark.parametrize(
    "whole",
    ["pytestmark = pytest.mark.skip\n", "pytestmark = [pytest.mark.x, pytest.mark.skip]\n"],
)
def test_marks_of_a_module_hold_for_its_tests(whole: str, tmp_path: Path) -> None:
    assert reasons(tmp_path, f"{whole}def test_a():\n    assert area() == 1\n") == {"test_a": "skipped-mark"}


def test_marks_of_a_class_hold_for_its_methods_and_for_mixins_it_runs(tmp_path: Path) -> None:
    found = reasons(
        tmp_path,
        "class Check:\n    def test_a(self):\n        assert area() == 1\n"
        "@pytest.mark.slow\nclass TestB(Check):\n    def test_b(self):\n        assert area() == 1\n",
    )
    assert found == {"test_a": "slow-mark", "test_b": "slow-mark"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("pytest.skip('x')", "skipped-mark"),
        ("pytest.importorskip('pyarrow')", "optional-dependency"),
        ("import matplotlib.pyplot", "needs-display"),
        ("import torch", "needs-gpu"),
        ("import psycopg2", "needs-database"),
        ("urllib.request.urlopen('http://example.org')", "needs-network"),
        ("datasets.fetch_openml('iris')", "needs-network"),
        ("connect(TARPIT)", "needs-network"),
        ("cursor.fetchone()", ""),
    ],
)
def test_what_a_test_uses_may_leave_it_out(line: str, reason: str, tmp_path: Path) -> None:
    assert reasons(tmp_path, f"def test_a():\n    {line}\n    assert area() == 1\n") == {"test_a": reason}


def test_a_helper_and_a_fixture_are_looked_into_for_what_they_need(tmp_path: Path) -> None:
    found = reasons(
        tmp_path,
        "def load():\n    return urlopen('http://example.org')\n"
        "@pytest.fixture\ndef drawn():\n    import tkinter\n"
        "def test_a():\n    assert load() == 1\ndef test_b(drawn):\n    assert drawn == 1\n"
        "def test_c(remote):\n    assert remote == 1\n",
        **{"conftest.py": "@pytest.fixture\ndef remote(deep): pass\n@pytest.fixture\ndef deep():\n    import osgeo\n"},
    )
    assert found == {"test_a": "needs-network", "test_b": "needs-display", "test_c": "needs-gis"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("area()", "no-assertion"),
        ("print(area())", "no-assertion"),
        ("assert True", "trivial"),
        ("assert shape", "trivial"),
        ("assert shape.area is not None", "trivial"),
        ("assert not shape.empty", "trivial"),
        ("assert hasattr(shape, 'area')", "trivial"),
        ("assert shape.area\n    assert shape.edge", ""),
        ("assert is_square(shape)", ""),
        ("with pytest.raises(ValueError):\n        area()", ""),
        ("np.testing.assert_allclose(area(), 2)", ""),
        ("tm.assert_frame_equal(area(), 2)", ""),
        ("check_square(area())", ""),
        ("outer(area())", ""),
        ("quiet(area())", "no-assertion"),
        ("check_estimator(Square())", ""),
    ],
)
def test_a_test_must_check_something(body: str, reason: str, tmp_path: Path) -> None:
    source = (
        "from shapes.testing import check_estimator\n"
        "def check_square(x):\n    assert x == 1\n"
        "def outer(x):\n    if x:\n        outer(x)\n    check_square(x)\n"
        "def quiet(x):\n    quiet(x)\n"
        f"def test_a():\n    {body}\n"
    )
    assert reasons(tmp_path, source) == {"test_a": reason}


def test_a_file_that_the_release_lacks_leaves_its_test_out_and_one_it_has_is_noted(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "HERE = os.path.dirname(__file__)\nDATA = os.path.join(HERE, 'data')\n"
        "def test_has():\n    assert load(os.path.join(DATA, 'a.csv')) == 1\n"
        "def test_lacks():\n    assert load(os.path.join(DATA, 'b.csv')) == 1\n"
        "def test_slash():\n    assert load(pathlib.Path(__file__).parent / 'data' / 'c.json') == 1\n"
        "def test_fixture(datapath):\n    assert load(datapath('io', 'data', 'd.xls')) == 1\n"
        "def test_opens():\n    assert open('requirements-extra.txt').read() == 1\n"
        "def test_writes():\n    open('out.txt', 'w')\n    assert open('out.txt').read() == 1\n"
        "def test_url():\n    assert join(base, 'page.html') == 1\n",
        **{"tests/data/a.csv": "1"},
    )
    assert found["test_has"].reads == ("tests/data/a.csv",)
    missing = {name for name, test in found.items() if test.reason and test.reason.word == "missing-data-file"}
    assert missing == {"test_lacks", "test_slash", "test_fixture", "test_opens"}


def test_set_up_of_the_class_counts_for_its_tests(tmp_path: Path) -> None:
    source = (
        "class TestA:\n    def setup_method(self):\n        self.x = open('nowhere.csv')\n"
        "    def test_a(self):\n        assert self.x.read() == 1\n"
    )
    assert reasons(tmp_path, source) == {"test_a": "missing-data-file"}


def test_only_the_last_of_two_tests_of_one_name_is_kept(tmp_path: Path) -> None:
    source = "def test_a():\n    assert area() == 1\ndef test_a():\n    assert area() == 2\n"
    found = harvest(tree(tmp_path, {"tests/test_it.py": source}), 1).tests
    assert [test.reason.word if test.reason else "" for test in found] == ["shadowed", ""]


def test_files_that_cannot_be_read_are_named_and_the_others_are_read(tmp_path: Path) -> None:
    found = harvest(
        tree(
            tmp_path,
            {
                "tests/test_broken.py": "def test_a(:\n",
                "tests/test_latin.py": b"# caf\xe9\ndef test_a():\n    assert area() == 1\n",
                "tests/test_declared.py": b"# coding: latin-1\n# caf\xe9\ndef test_a():\n    assert area() == 1\n",
                "tests/test_nul.py": b"def test_a():\n    x = '\0'\n",
                "tests/test_fine.py": "def test_a():\n    assert area() == 1\n",
            },
        ),
        processes=1,
    )
    assert words(found) == {
        "tests/test_broken.py": "syntax-error",
        "tests/test_latin.py": "not-text",
        "tests/test_declared.py": "",
        "tests/test_nul.py": "syntax-error",
        "tests/test_fine.py": "",
    }
    assert {test.file for test in found.tests} == {"tests/test_declared.py", "tests/test_fine.py"}


def test_files_of_one_name_in_different_folders_stay_apart(tmp_path: Path) -> None:
    one = "def test_a():\n    assert area() == 1\n"
    found = harvest(tree(tmp_path, {"a/tests/test_base.py": one, "b/tests/test_base.py": one}), 1)
    assert [test.label for test in found.tests] == ["a/tests/test_base.py::test_a", "b/tests/test_base.py::test_a"]


def test_folders_named_build_and_dist_are_read_above_and_below_the_root(tmp_path: Path) -> None:
    root = tmp_path / "build" / "dist"
    one = "def test_a():\n    assert area() == 1\n"
    found = harvest(tree(root, {"shapes/build/tests/test_x.py": one, "dist/test_y.py": one}), 1)
    assert {file.file for file in found.files} == {"shapes/build/tests/test_x.py", "dist/test_y.py"}


def test_called_names_are_told_in_full_through_imports(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "import shapes\nfrom shapes.plane import Square as S\n"
        "import shapes.solid as solid\nfrom shapes._testing import tm\n"
        "def test_a():\n    shapes.area(1)\n    S(2).grow()\n    solid.Cube()\n"
        "    tm(1)\n    shapes._hidden()\n    x.append(1)\n"
        "    assert len([]) == 0\n",
    )
    assert sorted(found["test_a"].calls) == [".grow", "shapes.area", "shapes.plane.Square", "shapes.solid.Cube"]
    assert found["test_a"].calls[-1] == ".grow"


def test_several_processes_find_the_same_in_the_same_order(tmp_path: Path) -> None:
    one = "class Check:\n    def test_a(self):\n        assert area() == 1\nclass TestB(Check): pass\n"
    release = tree(tmp_path, {f"tests/part{number}/test_x.py": one for number in range(70)})
    assert harvest(release, processes=2).tests == harvest(release, processes=1).tests
