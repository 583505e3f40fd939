from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from repowright.benchmarks.repocraft.control.arms import Arm, workspace
from repowright.benchmarks.repocraft.control.overlay import overlaid
from repowright.benchmarks.repocraft.control.renaming import renamed_files
from repowright.benchmarks.repocraft.control.sources import divided
from repowright.benchmarks.repocraft.control.stubbing import stubbed
from repowright.benchmarks.repocraft.errors import RepoCraftError
from repowright.benchmarks.repocraft.projects import project_named
from repowright.benchmarks.repocraft.tasks import Task

CODE = b'def add(a: int, b: int = 1) -> int:\n    """Add."""\n    return a + b\n\n\nLIMIT = 3\n'


def imported(data: bytes, folder: Path) -> ModuleType:
    path = folder / "made.py"
    path.write_bytes(data)
    spec = importlib.util.spec_from_file_location("made", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_renaming_changes_whole_words_in_text_and_paths() -> None:
    files = {
        "sympy/core/sympy_parser.py": b"import sympy\nfrom sympy.core import x\nsympy_parser = _sympy_ = 'sympy'\n",
        "sympy.libs/a.so.1": b"\x7fELF\0sympy.libs\0PyInit_sympy\0main_sympy__core\0sympy/core.pyx\0",
    }
    assert renamed_files(files, "sympy", "symbo") == {
        "symbo/core/sympy_parser.py": b"import symbo\nfrom symbo.core import x\nsympy_parser = _sympy_ = 'symbo'\n",
        "symbo.libs/a.so.1": b"\x7fELF\0symbo.libs\0PyInit_sympy\0main_sympy__core\0symbo/core.pyx\0",
    }


def test_renaming_to_another_length_refuses_compiled_modules_that_hold_the_name() -> None:
    files = {"a.so": b"\0old\0"}
    assert renamed_files(files, "older", "x") == files
    with pytest.raises(RepoCraftError, match="not text"):
        renamed_files(files, "old", "new_name")


def test_every_project_is_renamed_to_a_name_of_the_same_length() -> None:
    for name in ("requests", "sympy", "statsmodels", "django", "pandas", "scikit-learn"):
        project = project_named(name)
        assert len(project.package) == len(project.renamed)


def test_a_stub_can_be_imported_and_does_nothing(tmp_path: Path) -> None:
    made = imported(stubbed({"calc/core.py": CODE}, ["calc"])["calc/core.py"], tmp_path)
    assert made.LIMIT == 3
    with pytest.raises(NotImplementedError):
        made.add(1)


def test_stubbing_leaves_tests_and_other_folders_and_drops_compiled_modules() -> None:
    files = {
        "calc/__init__.py": b"",
        "calc/fast.cpython-311-x86_64-linux-gnu.so": b"\x7fELF",
        "calc/tests/test_core.py": CODE,
        "calc/conftest.py": CODE,
        "calc/data.csv": b"1,2",
        "other/core.py": CODE,
    }
    found = stubbed(files, ["calc/"])
    assert sorted(files.keys() - found.keys()) == ["calc/fast.cpython-311-x86_64-linux-gnu.so"]
    assert {path for path in found if found[path] != files[path]} == set()
    assert stubbed(files, [""])["other/core.py"] != CODE


def test_a_module_that_does_not_parse_raises_when_it_is_imported(tmp_path: Path) -> None:
    for data in (b"def broken(:\n", b"\xff\xfe\x00"):
        with pytest.raises(NotImplementedError):
            imported(stubbed({"a.py": data}, [""])["a.py"], tmp_path)


def test_nothing_of_a_repository_steers_its_tests() -> None:
    repository = {
        "calc/__init__.py": b"",
        "setup.py": b"",
        "conftest.py": b"",
        "calc/conftest.py": b"",
        "pytest.ini": b"",
        "pyproject.toml": b"",
        "calc/pyproject.toml": b"",
        "sitecustomize.py": b"",
        "pytest.py": b"",
        "_pytest/runner.py": b"",
        "evil.pth": b"",
        "calc-1.dist-info/entry_points.txt": b"",
        "tests/test_calc.py": b"own",
    }
    found = overlaid(repository, {"tests/test_calc.py": b"gold", "conftest.py": b"gold"})
    assert found == {
        "calc/__init__.py": b"",
        "setup.py": b"",
        "calc/pyproject.toml": b"",
        "conftest.py": b"gold",
        "tests/test_calc.py": b"gold",
    }


def test_the_arms_differ_in_the_code_alone() -> None:
    project = project_named("requests")
    files = divided({"requests/api.py": CODE, "tests/test_api.py": b"import requests\n", "setup.cfg": b""})
    tests = {"tests/test_api.py": b"import requests\n", "setup.cfg": b""}
    arms = {arm: workspace(arm, project, files).files for arm in Arm}
    assert arms[Arm.REAL] == {"requests/api.py": CODE, **tests}
    assert arms[Arm.EMPTY] == tests
    assert arms[Arm.RENAMED] == {
        "httpeasy/api.py": CODE,
        "tests/test_api.py": b"import httpeasy\n",
        "setup.cfg": b"",
    }
    assert arms[Arm.STUBBED].keys() == arms[Arm.REAL].keys()
    assert b"NotImplementedError" in arms[Arm.STUBBED]["requests/api.py"]


def test_tests_inside_a_package_are_named_by_its_new_name() -> None:
    place = workspace(Arm.RENAMED, project_named("sympy"), divided({"sympy/core/tests/test_a.py": b""}))
    task = Task(
        category="core",
        file="sympy/core/tests/test_a.py",
        module="class TestSympy",
        cap="a",
        functions=("test_a", "test_sympy_name"),
        query_code="",
        alg_description="",
        task_query="",
        id="sympy-0",
        project="sympy",
        version="1.14.0",
        sdist_sha256="",
        source_sha256="",
        described_by="template",
        grouped_by="syntax",
    )
    assert place.tests_of(task) == (
        "symbo/core/tests/test_a.py::TestSympy::test_a",
        "symbo/core/tests/test_a.py::TestSympy::test_sympy_name",
    )
    assert list(place.files) == ["symbo/core/tests/test_a.py"]
    assert place.owned == ("symbo", "sympy")
