from __future__ import annotations

import ast
from pathlib import Path

import pytest
from evaluations import TAX, task, write_files

from repowright.agent.errors import RunDamaged
from repowright.benchmarks.repocraft.evaluate.context import (
    MOST_CHARACTERS,
    GoldContext,
    context_of,
    read_contexts,
    write_contexts,
)

RELEASE = {
    "tests/conftest.py": "import pytest\n\n\n@pytest.fixture\ndef till(tmp_path):\n    return open_till(tmp_path)\n\n\n"
    "def open_till(folder):\n    return folder / 'till'\n",
    "tests/utils.py": "import yaml\n\n\ndef rates():\n    return yaml.load('19')\n\n\ndef unused():\n    return 1\n",
    "tests/test_shop.py": "import os\nimport bazaar as shop\nfrom bazaar.tax import with_tax, without_tax\n"
    "from .utils import rates, unused\n\nLOW = FULL = 19\nNEVER = 3\n\n\nclass TestTax:\n    steps = (1, 2)\n"
    "    other = 4\n\n    def setup_method(self):\n        self.shop = shop.open()\n\n    def helper(self):\n"
    "        return LOW\n\n    def test_tax(self, till):\n"
    "        assert with_tax(self.steps) == self.helper() + rates()\n",
}
TEST = "class TestTax:\n    def test_tax(self, till):\n        assert with_tax(self.steps) == self.helper() + rates()\n"


@pytest.fixture
def context(tmp_path: Path) -> GoldContext:
    asked = task(TAX, TEST).model_copy(update={"module": "class TestTax"})
    return context_of(asked, write_files(tmp_path / "release", RELEASE))


def test_context_has_what_the_test_uses_and_nothing_else(context: GoldContext) -> None:
    ast.parse(context.text)
    for used in (
        "def rates",
        "def till",
        "def open_till",
        "LOW = FULL = 19",
        "steps = (1, 2)",
        "def helper",
        "setup_m",
    ):
        assert used in context.text
    for unused in ("NEVER", "unused", "without_tax", "other = 4", "import os", "def test_tax"):
        assert unused not in context.text


def test_third_parties_are_those_of_helpers_too(context: GoldContext) -> None:
    assert context.third_parties == ("bazaar", "yaml")


def test_context_is_bounded(tmp_path: Path) -> None:
    long = f"TABLE = {list(range(3000))}\nSMALL = 7\n\n\ndef test_a():\n    assert TABLE[2] == SMALL\n"
    root = write_files(tmp_path / "release", {"tests/test_shop.py": long})
    found = context_of(task(TAX, "def test_a():\n    assert TABLE[2] == SMALL\n"), root)
    assert "SMALL = 7" in found.text
    assert "TABLE" not in found.text
    assert len(found.text) <= MOST_CHARACTERS


def test_missing_file_gives_an_empty_context(tmp_path: Path) -> None:
    assert context_of(task(TAX, TEST), tmp_path) == GoldContext()


def test_contexts_are_read_back_or_named_as_lost(tmp_path: Path, context: GoldContext) -> None:
    write_contexts(tmp_path, {"a": context})
    assert read_contexts(tmp_path) == {"a": context}
    with pytest.raises(RunDamaged, match=r"context\.json"):
        read_contexts(tmp_path / "nowhere")


def test_code_of_the_project_itself_is_never_shown(tmp_path: Path) -> None:
    files = {
        "bazaar/tax.py": "def with_tax(net):\n    return net * SECRET\n",
        "bazaar/tests/test_tax.py": "from bazaar.tax import with_tax\nfrom ..tax import with_tax as again\n",
    }
    code = "def test_tax():\n    assert with_tax(1) == again(1)\n"
    asked = task(TAX, code).model_copy(update={"file": "bazaar/tests/test_tax.py"})
    found = context_of(asked, write_files(tmp_path / "release", files))
    assert "import with_tax" in found.text
    assert "def with_tax" not in found.text
