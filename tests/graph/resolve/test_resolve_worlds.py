from __future__ import annotations

import random

import pytest
from linked import Asked, MemoryWorld, link, read_all

from repowright.graph.encode.contribution import Contribution, EdgeRow
from repowright.graph.encode.resolve import VERSION, resolver
from repowright.graph.kinds import ENDS, LOOP_KINDS, EdgeKind, NodeKind
from repowright.repo_tools.facts import FileFacts

SHOP = {
    "shop/__init__.py": "from .cart import *\nfrom .store import Store as Shelf",
    "shop/base.py": "class Base:\n    def save(self): ...\n    def lone_member(self): ...",
    "shop/store.py": "from .base import Base\nclass Store(Base):\n    def load(self) -> 'Store': ...",
    "shop/cart.py": """
        from shop.store import Store
        class Cart:
            store = Store()
            def run(self):
                self.store.save()
        """,
    "use.py": """
        from shop import Cart, Shelf
        def go(x):
            Cart().store.load().save()
            x.lone_member()
            Shelf()
        """,
    "more.py": "import shop.cart as c\nfrom use import go\ndef top():\n    go(1)\n    c.Cart().run()",
}

EDITS: dict[str, list[str | None]] = {
    "shop/base.py": ["class Base:\n    def lone_member(self): ...", "class Other:\n    def save(self): ..."],
    "shop/store.py": ["class Store:\n    def save(self): ...\n    def lone_member(self): ...", "Store = print"],
    "shop/cart.py": ["class Cart: ...\n__all__ = []", "from shop.base import Base as Cart"],
    "shop/__init__.py": ["", "from .cart import Cart\nclass Shelf: ..."],
    "shop.py": ["class Cart: ...", None],
    "use.py": ["def go(): ...", None],
    "shop/store/__init__.py": ["class Store: ...", None],
}


def contributions(facts: dict[str, FileFacts]) -> dict[str, Contribution]:
    linker = resolver()
    return {path: linker.contribution(each) for path, each in facts.items()}


def resolved(path: str, facts: dict[str, FileFacts]) -> tuple[list[EdgeRow], Asked]:
    world = MemoryWorld(contributions(facts))
    return resolver().resolve(facts[path], world), world.asked


def answers(asked: Asked, facts: dict[str, FileFacts]) -> dict[tuple[str, ...], object]:
    world = MemoryWorld(contributions(facts))
    found: dict[tuple[str, ...], object] = {}
    for each in asked:
        kind, *rest = each
        if kind == "entry":
            found[each] = world.entry(*rest)
        else:
            found[each] = world.modules(*rest) if kind == "module" else world.definers(*rest)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_file_whose_lookups_answer_the_same_keeps_its_edges(seed: int) -> None:
    chooser = random.Random(seed)
    texts: dict[str, str] = dict(SHOP)
    before = read_all(texts)
    known = {path: resolved(path, before) for path in before}
    for _ in range(4):
        path = chooser.choice(sorted(EDITS))
        text = chooser.choice(EDITS[path])
        texts.pop(path, None)
        if text is not None:
            texts[path] = text
        after = read_all(texts)
        for each in sorted(after):
            rows, asked = resolved(each, after)
            if (
                each in before
                and before[each] == after[each]
                and answers(known[each][1], before) == answers(known[each][1], after)
            ):
                assert rows == known[each][0], each
            known[each] = (rows, asked)
        before = after


def test_contribution_speaks_of_no_line_comment_or_body() -> None:
    plain = "import os\nclass Cart:\n    def add(self, item: int) -> int:\n        return os.getpid()\nLIMIT = 3\n"
    moved = (
        "# A comment.\nimport os\n\n\nclass Cart:\n    '''A cart.'''\n    def add(self, item: int) -> int:\n"
        "        # Why.\n        total = [1]\n        print(total)\n        return os.getpid()\nLIMIT = 4\n"
    )
    one, two = contributions(read_all({"a.py": plain})), contributions(read_all({"a.py": moved}))
    assert one == two


def test_resolution_asks_narrowly() -> None:
    facts = read_all(SHOP)
    _, asked = resolved("more.py", facts)
    assert ("entry", "shop/cart.py", "Cart.run") in asked
    assert not {each for each in asked if each[0] == "name"}
    assert ("entry", "shop/cart.py", "Cart.store") not in asked


def test_edges_are_sorted_and_alike_in_every_order() -> None:
    facts = read_all(SHOP)
    linker = resolver()
    world = MemoryWorld(contributions(facts))
    backwards = MemoryWorld(dict(reversed(contributions(facts).items())))
    for path, each in facts.items():
        rows = linker.resolve(each, world)
        assert rows == sorted(rows) == linker.resolve(each, backwards), path


def test_edges_join_only_what_they_may() -> None:
    found = link(
        {
            "a.py": """
            import b
            from b import NAME, Base, make
            class Child(Base, make(), NAME): ...
            @make
            def run():
                NAME()
                b.NAME
                run()
            """,
            "b.py": "NAME = 1\nclass Base: ...\ndef make(): ...",
        }
    )
    for row in found.rows.values():
        sources, targets = ENDS[EdgeKind(row.kind)]
        assert NodeKind(row.src.partition(":")[0]) in sources and NodeKind(row.dst.partition(":")[0]) in targets
        assert row.src != row.dst or EdgeKind(row.kind) in LOOP_KINDS
        assert 0 < row.confidence <= 1 and row.lines == tuple(sorted(set(row.lines)))


def test_language_without_rules_offers_and_asks_nothing() -> None:
    facts = FileFacts("a.zig", "zig")
    assert resolver().contribution(facts) == Contribution()
    assert resolver().resolve(facts, MemoryWorld({})) == []
    assert VERSION >= 1


def test_names_that_lead_in_circles_end() -> None:
    chain = "\n".join(f"def f{each}():\n    return f{(each + 1) % 60}" for each in range(60))
    deep = (
        "x = " + ".".join(["a"] * 40) + "\n" + "y = x.y\n" * 3 + "def go():\n    " + "f0" + "()" * 40 + "\n    y.z()\n"
    )
    found = link({"a.py": chain + "\n" + deep + "class A(B): ...\nclass B(A):\n    def go(self):\n        self.no()\n"})
    assert "a.py::f0" in found.calls("a.py::go")


def test_long_chains_of_every_kind_end() -> None:
    count = 1500
    classes = (
        "\n".join(f"class C{each}(C{each + 1}): ..." for each in range(count))
        + f"\nclass C{count}:\n    def end(self): ..."
    )
    local = (
        "def go():\n"
        + "\n".join(f"    x{each} = x{each + 1}.a" for each in range(count))
        + "\n    x0.b()\n    C0().end()"
    )
    values = "\n".join(f"v{each} = v{each + 1}" for each in range(count)) + "\nv0()\nv0.x.y()"
    calls = "def f(): return f\n" + "f" + "()" * 90
    files = {f"m{each}.py": f"from m{each + 1} import name" for each in range(300)}
    files |= {"deep.py": "\n".join((classes, local, values, calls)), "use.py": "from m0 import name\nname()"}
    found = link(files)
    assert found.calls("deep.py::go") == {"deep.py::C0"}
    assert found.imports("use.py") == {"m0.py"}


def test_deeply_nested_functions_see_what_is_around_them() -> None:
    depth = 60
    text = "def top(): ...\n" + "".join("    " * each + f"def n{each}():\n" for each in range(depth))
    found = link({"a.py": text + "    " * depth + "top()\n" + "    " * depth + "n3()\n"})
    innermost = "a.py::" + ".".join(f"n{each}" for each in range(depth))
    assert found.calls(innermost) == {"a.py::top", "a.py::n0.n1.n2.n3"}
