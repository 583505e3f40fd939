"""A small git repository with a bug, the issue about it, and resolutions of the one by the other."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from evaluations import write_files
from scripted_fixer import Fixer, Turn, call
from workshop import Told

from repowright.agent.events import RunEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.agent.workflows.resolve.records import Resolution
from repowright.agent.workflows.resolve.session import Asked, resume, start

PRICES = '''"""Prices."""


def rounded(amount: int, step: int) -> int:
    """Round an amount to the nearest step."""
    return amount - amount % step


def gross(net: int) -> int:
    """Return a net price with its tax, in cents."""
    return net + net * 19 // 100
'''
FIXED = PRICES.replace("amount - amount % step", "(amount + step // 2) // step * step")
SHOP = {
    "shop/__init__.py": '"""A shop."""\n',
    "shop/prices.py": PRICES,
    "shop/cart.py": '''"""The cart."""

from shop.prices import rounded


class Cart:
    """Things to be paid."""

    def __init__(self) -> None:
        self.items: list[int] = []

    def total(self) -> int:
        """Return the sum, rounded to five cents."""
        return rounded(sum(self.items), 5)
''',
    "shop/names.py": '"""Names."""\n\n\ndef shout(name: str) -> str:\n    """Return a name in capitals."""\n'
    "    return name.upper()\n",
    "tests/test_cart.py": """from shop.cart import Cart


def test_total_of_an_empty_cart():
    assert Cart().total() == 0


def test_total_on_a_step():
    cart = Cart()
    cart.items = [10, 15]
    assert cart.total() == 25
""",
    "tests/test_prices.py": """from shop.prices import gross, rounded


def test_gross():
    assert gross(1000) == 1190


def test_rounded_on_a_step():
    assert rounded(100, 50) == 100
""",
    "tests/test_names.py": "from shop.names import shout\n\n\ndef test_shout():\n    assert shout('a') == 'A'\n",
    "pyproject.toml": '[tool.pytest.ini_options]\naddopts = "--cov=shop"\n',
}
ISSUE = """# rounded() always rounds down

`rounded(1240, 50)` gives 1200, although 1250 is nearer. A price must be rounded to the nearest step.
"""
TEST_PATH = "tests/test_issue_rounding.py"
TEST = "from shop.prices import rounded\n\n\ndef test_rounds_up():\n    assert rounded(1240, 50) == 1250\n"
PICK = call("answer", functions=[{"entity": "shop/prices.py:rounded", "reason": "it cuts off"}])
FETCH = call("fetch", code_entities=["shop/prices.py:rounded"])
TRY = call("try_test", path=TEST_PATH, code=TEST)
SHOWN = call("reproduced", reason="1200 instead of 1250")
EDIT = call(
    "replace",
    path="shop/prices.py",
    old="    return amount - amount % step\n",
    new="    return (amount + step // 2) // step * step\n",
)
HAND_IN = call("hand_in", wrong="rounded() cuts the remainder off.", change="Half a step is added before.")


def fixer(**changed: list[Turn]) -> Fixer:
    """Return a model that resolves the issue, with other turns for some stages."""
    turns: dict[str, list[Turn]] = {
        "locate": [[FETCH], [PICK]],
        "reproduce": [[TRY], [SHOWN]],
        "edit": [[EDIT], [call("run_tests")], [HAND_IN]],
    }
    return Fixer(turns={**turns, **changed})


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it says."""
    settings = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout


def repository(folder: Path, **changed: str) -> Path:
    """Write the shop as a git repository; keyword ``shop_prices`` stands for ``shop/prices.py``."""
    replaced = {f"{name.replace('_', '/', 1)}.py": text for name, text in changed.items()}
    write_files(folder, {**SHOP, **replaced})
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "A shop")
    return folder


@dataclass
class Clinic:
    """Starts and resumes resolutions in one temporary folder."""

    folder: Path
    told: Told = field(default_factory=Told)

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def run(self) -> Run:
        return Run.open(list_runs(self.runs)[-1].folder)

    @property
    def resolution(self) -> Resolution:
        return Resolution.model_validate_json((self.run.folder / "resolution.json").read_bytes())

    @property
    def report(self) -> str:
        return (self.run.folder / "resolution.md").read_text(encoding="utf-8")

    def settings(self, url: str, **settings: object) -> Settings:
        chosen = {"model": "fixer", "base_url": url, "sandbox": "bubblewrap", "suite_timeout_s": 20, **settings}
        return Settings.model_validate(chosen)

    def resolve(
        self, url: str, shop: Path, *, issue: str = ISSUE, replay: Path | None = None, **settings: object
    ) -> RunEnd:
        asked = Asked(issue, "issue.md", shop)
        chosen = self.settings(url, **settings)
        return asyncio.run(start(asked, chosen, runs=self.runs, replay=replay, subscribers=[self.told]))

    def resume(self, url: str, **settings: object) -> RunEnd:
        return asyncio.run(resume(self.run, self.settings(url, **settings), subscribers=[self.told]))
