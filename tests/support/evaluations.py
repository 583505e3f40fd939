"""A small repository, tasks of an imagined project, and evaluations of the one by the other."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from workshop import Told

from repowright.agent.events import RunEnd
from repowright.agent.run import Run
from repowright.agent.runs import list_runs
from repowright.agent.settings import Settings
from repowright.benchmarks.repocraft.evaluate.session import Asked, resume, start
from repowright.benchmarks.repocraft.evaluate.terms import Terms
from repowright.benchmarks.repocraft.tasks import Task
from repowright.benchmarks.repocraft.verdicts import ArmResult, TaskVerdict

SHOP = {
    "src/shop/__init__.py": '"""A shop."""\n',
    "src/shop/prices.py": '''"""Prices."""

RATES = {"full": 19, "low": 7}


def gross(net: int, rate: str) -> int:
    """Return a net price with its tax, in cents."""
    if rate not in RATES:
        raise ValueError(f"no rate {rate}")
    return net + net * RATES[rate] // 100


def rounded(amount: int, step: int) -> int:
    """Round an amount to a step, wrongly."""
    return amount
''',
    "src/shop/cart.py": '''"""The cart."""

from shop.prices import gross


class Cart:
    """Things to be paid."""

    def __init__(self, rate: str) -> None:
        self.rate = rate
        self.items: list[int] = []

    def add(self, net: int) -> None:
        """Put a net price in."""
        self.items.append(net)

    def total(self) -> int:
        """Return the sum with tax."""
        return sum(gross(net, self.rate) for net in self.items)
''',
    "tests/conftest.py": "raise RuntimeError('the repository has set-up of its own')\n",
    "README.md": "# shop\n",
}
TAX = "add tax to a net price"
ROUNDING = "round an amount to a step"
CART = "sum up a cart with tax"
GOLD = {
    TAX: "def test_tax():\n    assert with_tax(1000, 'full') == 1190\n    assert with_tax(200, 'low') == 214\n",
    ROUNDING: "def test_rounding():\n    assert round_to(1234, 50) == 1250\n",
    CART: "def test_total():\n    basket = Basket('low')\n    basket.put(300)\n    assert basket.sum() == 321\n",
}
TAX_TEST = """from shop.prices import gross


def test_tax():
    assert gross(1000, 'full') == 1190
    assert gross(200, 'low') == 214
"""
ROUNDING_TEST = "from shop.prices import rounded\n\n\ndef test_rounding():\n    assert rounded(1234, 50) == 1250\n"
CART_TEST = """from shop.cart import Cart


def test_total():
    cart = Cart('low')
    cart.add(300)
    assert cart.total() == 321
"""


def task(query: str, code: str = "", project: str = "bazaar") -> Task:
    """Return a task; its id counts from its query."""
    source = code or GOLD[query]
    names = tuple(line.partition("(")[0].split()[-1] for line in source.splitlines() if "def test" in line)
    digest = hashlib.sha256(query.encode()).hexdigest()
    return Task(
        category="shop",
        file="tests/test_shop.py",
        module="functions",
        cap="shop",
        functions=names,
        query_code=source,
        alg_description=f"It can {query}.",
        task_query=query,
        id=f"{project}-{digest[:12]}",
        project=project,
        version="1.0",
        sdist_sha256="",
        source_sha256=hashlib.sha256(source.encode()).hexdigest(),
        described_by="template",
        grouped_by="syntax",
    )


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a new folder and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


@dataclass
class Court:
    """Starts and resumes evaluations in one temporary folder."""

    folder: Path
    told: Told = field(default_factory=Told)

    @property
    def runs(self) -> Path:
        return self.folder / "runs"

    @property
    def run(self) -> Run:
        return Run.open(list_runs(self.runs)[-1].folder)

    def shop(self, **changed: str) -> Path:
        """Write the shop, files of ``src/shop`` replaced by name, and return its folder."""
        replaced = {f"src/shop/{name}.py": text for name, text in changed.items()}
        return write_files(self.folder / "shop", {**SHOP, **replaced})

    def settings(self, url: str, **settings: object) -> Settings:
        chosen = {"model": "reader", "base_url": url, "sandbox": "bubblewrap", "suite_timeout_s": 20, **settings}
        return Settings.model_validate(chosen)

    def judge(
        self,
        url: str,
        repository: Path,
        tasks: list[Task],
        *,
        terms: Terms | None = None,
        replay: Path | None = None,
        **settings: object,
    ) -> RunEnd:
        asked = Asked(repository, tuple(tasks), terms or Terms(), None, 2)
        chosen = self.settings(url, **settings)
        return asyncio.run(start(asked, chosen, runs=self.runs, replay=replay, subscribers=[self.told]))

    def resume(self, url: str, **settings: object) -> RunEnd:
        return asyncio.run(resume(self.run, self.settings(url, **settings), subscribers=[self.told], jobs=2))

    def result(self, run: Run | None = None) -> ArmResult:
        return ArmResult.model_validate_json(((run or self.run).folder / "result.json").read_bytes())

    def verdict(self, of: Task) -> TaskVerdict:
        (found,) = [each for each in self.result().verdicts if each.task == of.id]
        return found
