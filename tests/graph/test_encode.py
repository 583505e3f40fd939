from __future__ import annotations

import gc
import threading
from pathlib import Path

import pytest

from repowright.graph.encode import Encoded, Means, UpdateReport, encode, evolve, load_graph, update
from repowright.graph.encode.contribution import Contribution, EdgeRow, World, definition_id, file_id
from repowright.graph.encode.export import canonical_json
from repowright.graph.errors import EncodeError, StoreError
from repowright.graph.model import EdgeKind, NodeKind, State
from repowright.graph.store import Store
from repowright.graph.tags import PARTLY_PARSED, UNPARSED
from repowright.repo_tools.errors import SnapshotError
from repowright.repo_tools.facts import FileFacts
from repowright.repo_tools.snapshot import MemorySnapshot

ALONE = Means(workers=0)
CART = b"""'Carts.'
from shop.money import total

class Cart:
    def pay(self):
        return total(self)
"""
SHOP = {
    "shop/__init__.py": b"",
    "shop/cart.py": CART,
    "shop/money.py": b"def total(cart):\n    return 1\n",
    "tests/test_cart.py": b"from shop.cart import Cart\n\ndef test_pay():\n    assert Cart().pay()\n",
    "README.md": b"# Shop\n",
}


def shop(**changes: bytes | None) -> MemorySnapshot:
    files = {path: content for path, content in (SHOP | changes).items() if content is not None}
    return MemorySnapshot(files, "shop")


class Stand:
    """A store that snapshots pass through."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def take(self, snapshot: MemorySnapshot, languages: tuple[str, ...] | None = None) -> UpdateReport:
        with Store(self.path, create=True) as store:
            return update(store, snapshot, languages, ALONE)

    def json(self) -> str:
        with Store(self.path) as store:
            return canonical_json(store)


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path / "g.rpg")


def test_tree_has_areas_files_and_definitions(stand: Stand) -> None:
    report = stand.take(shop())
    graph = load_graph(stand.path)
    pay = graph.find("shop/cart.py", "Cart.pay")
    assert pay is not None and pay.state is State.IMPLEMENTED and pay.signature.startswith("def pay(self)")
    assert pay.place is not None and pay.place.span == (5, 6) and pay.feature
    kinds = [node.kind for node in graph.ancestors(pay.id)]
    assert kinds[0] is NodeKind.CLASS and kinds[1] is NodeKind.FILE and kinds[-1] is NodeKind.REPOSITORY
    assert NodeKind.AREA in kinds
    file = graph.find("shop/cart.py")
    assert file is not None and file.doc == "Carts." and file.id == file_id("shop/cart.py")
    assert (report.files, report.others, report.parsed, report.resolved) == (4, 1, 4, 4)
    assert (report.nodes, report.edges) == (len(graph), len(graph.edges()) - len(graph.edges(EdgeKind.CONTAINS)))


def test_edges_lead_across_files_with_their_lines(stand: Stand) -> None:
    stand.take(shop())
    graph = load_graph(stand.path)
    pay = definition_id("method", "shop/cart.py", "Cart.pay")
    total = definition_id("function", "shop/money.py", "total")
    (call,) = graph.out_edges(pay, EdgeKind.CALLS)
    assert (call.dst, call.lines, call.confidence) == (total, (6,), 1.0)
    assert [node.path for node in graph.dependencies(file_id("shop/cart.py"), EdgeKind.IMPORTS)] == ["shop/money.py"]


def test_marks_tell_tests_and_packages(stand: Stand) -> None:
    stand.take(shop())
    graph = load_graph(stand.path)
    tags = {node.path: node.tags for node in graph.nodes(NodeKind.FILE)}
    assert tags == {
        "shop/__init__.py": ("package",),
        "shop/cart.py": (),
        "shop/money.py": (),
        "tests/test_cart.py": ("test",),
    }


def test_same_snapshot_again_costs_nothing(stand: Stand) -> None:
    stand.take(shop())
    before = stand.path.read_bytes()
    report = stand.take(shop())
    assert (report.read, report.parsed, report.resolved, report.changed) == (0, 0, 0, False)
    assert stand.path.read_bytes() == before


def test_other_body_touches_its_file_alone(stand: Stand) -> None:
    stand.take(shop())
    report = stand.take(shop(**{"shop/money.py": b"def total(cart):\n    return 2\n"}))
    assert (report.read, report.parsed, report.resolved, report.changed) == (1, 1, 1, False)


def test_renamed_definition_touches_those_who_asked_for_it(stand: Stand) -> None:
    stand.take(shop())
    report = stand.take(shop(**{"shop/money.py": b"def amount(cart):\n    return 1\n"}))
    assert (report.read, report.resolved) == (1, 2)
    assert (report.nodes_added, report.nodes_removed) == (1, 1) and report.edges_removed >= 1
    back = stand.take(shop())
    assert back.resolved == 2 and back.edges_added == report.edges_removed


def test_comments_and_blanks_change_no_id(stand: Stand) -> None:
    stand.take(shop())
    ids = {node.id for node in load_graph(stand.path)}
    text = SHOP["shop/cart.py"].replace(b"class", b"\n# a comment\n\nclass")
    report = stand.take(shop(**{"shop/cart.py": text}))
    assert {node.id for node in load_graph(stand.path)} == ids
    assert (report.nodes_added, report.nodes_removed, report.model_calls) == (0, 0, 0)


def test_moved_file_is_not_parsed_again(stand: Stand) -> None:
    stand.take(shop())
    report = stand.take(shop(**{"shop/money.py": None, "shop/coins.py": SHOP["shop/money.py"]}))
    assert (report.read, report.parsed, report.removed, report.renamed) == (1, 0, 1, 1)
    assert load_graph(stand.path).find("shop/coins.py", "total") is not None


def test_emptied_repository_is_a_repository_still(stand: Stand) -> None:
    stand.take(shop())
    report = stand.take(MemorySnapshot({}, "shop"))
    assert (report.files, report.removed, report.nodes, report.edges) == (0, 4, 1, 0)
    assert len(load_graph(stand.path)) == 1
    stand.take(shop())
    assert load_graph(stand.path) == encode(shop(), stand.path.with_name("h.rpg"), means=ALONE).graph()


def test_languages_are_remembered_and_marked(stand: Stand) -> None:
    both = shop(**{"app.js": b"function go() {}\n"})
    assert stand.take(both, ("python",)).files == 4
    assert stand.take(both).files == 4
    assert load_graph(stand.path).root.tags == ("language-python",)
    assert stand.take(both, ()).files == 5
    assert load_graph(stand.path).root.tags == ()


def test_unknown_language_is_refused(stand: Stand) -> None:
    with pytest.raises(EncodeError, match="no language 'cobol'"):
        stand.take(shop(), ("cobol",))


def test_broken_source_keeps_what_can_be_read(stand: Stand) -> None:
    report = stand.take(shop(**{"shop/bad.py": b"def good(): pass\n\ndef bad(:\n", "shop/none.py": b"((((\n"}))
    graph = load_graph(stand.path)
    bad, none = graph.find("shop/bad.py"), graph.find("shop/none.py")
    assert graph.find("shop/bad.py", "good") is not None
    assert bad is not None and PARTLY_PARSED in bad.tags
    assert none is not None and UNPARSED in none.tags and none.doc.startswith("line 1: ")
    assert [path for path, _ in report.errors] == ["shop/bad.py", "shop/none.py"]


class Fragile:
    """A resolver that falls over one file."""

    def contribution(self, facts: FileFacts) -> Contribution:
        return Contribution()

    def resolve(self, facts: FileFacts, world: World) -> list[EdgeRow]:
        if facts.path == "shop/money.py":
            raise RecursionError("too deep")
        return []


@pytest.mark.parametrize("workers", [0, 2])
def test_file_that_cannot_be_resolved_keeps_its_nodes_and_is_named(tmp_path: Path, workers: int) -> None:
    encoded = encode(shop(), tmp_path / "g.rpg", means=Means(Fragile(), workers))
    assert encoded.report.errors == (("shop/money.py", "cannot be resolved: RecursionError: too deep"),)
    assert encoded.graph().find("shop/money.py", "total") is not None


def test_new_version_of_the_resolver_resolves_all_and_parses_nothing(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.take(shop())
    monkeypatch.setattr("repowright.graph.encode.resolve.VERSION", 10**6)
    report = stand.take(shop())
    assert (report.read, report.parsed, report.resolved, report.changed) == (4, 0, 4, False)


def test_new_version_of_a_frontend_parses_its_files_again(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    stand.take(shop(**{"app.js": b"function go() {}\n"}))
    monkeypatch.setattr("repowright.repo_tools.facts_codec.FORMAT", 10**6)
    assert stand.take(shop(**{"app.js": b"function go() {}\n"})).parsed == 5


def test_snapshot_needs_a_place(tmp_path: Path) -> None:
    with pytest.raises(EncodeError, match="no place of its own"):
        encode(shop())


def test_work_tree_is_encoded_into_itself_and_evolves(tmp_path: Path) -> None:
    for path, content in SHOP.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    encoded: Encoded = encode(tmp_path, means=ALONE)
    assert encoded.store_path.parent.parent == tmp_path
    encoded.to_json(tmp_path / "graph.json")
    assert load_graph(tmp_path / "graph.json") == encoded.graph()
    (tmp_path / "shop" / "money.py").unlink()
    from repowright.repo_tools.snapshot_tree import WorkTreeSnapshot

    assert evolve(encoded.store_path, WorkTreeSnapshot(tmp_path), ALONE).report.removed == 1
    with pytest.raises(StoreError, match="cannot be written"):
        encoded.to_json(tmp_path / "no" / "graph.json")


def test_processes_are_started_safely_from_a_process_with_threads(tmp_path: Path) -> None:
    waiting = threading.Event()
    thread = threading.Thread(target=waiting.wait)
    thread.start()
    try:
        many = encode(shop(), tmp_path / "g.rpg", means=Means(workers=2))
    finally:
        waiting.set()
        thread.join()
    assert many.graph() == encode(shop(), tmp_path / "h.rpg", means=ALONE).graph()


class Dying:
    """A resolver that ends the process it works in."""

    def contribution(self, facts: FileFacts) -> Contribution:
        import os

        os._exit(3)

    def resolve(self, facts: FileFacts, world: World) -> list[EdgeRow]:
        return []


def test_worker_that_dies_is_an_error_and_leaves_no_graph(tmp_path: Path) -> None:
    with pytest.raises(EncodeError, match="worker process ended"):
        encode(shop(), tmp_path / "g.rpg", means=Means(Dying(), 2))
    with pytest.raises(StoreError, match="no graph yet"):
        load_graph(tmp_path / "g.rpg")


def test_snapshot_that_cannot_be_listed_changes_nothing(stand: Stand) -> None:
    stand.take(shop())
    before = stand.json()

    class Gone(MemorySnapshot):
        def listing(self, *given: object, **more: object) -> None:  # type: ignore[override]
            raise SnapshotError("the folder is gone")

    with pytest.raises(SnapshotError):
        stand.take(Gone({}))
    assert stand.json() == before


class Careless:
    """A resolver whose edges lead nowhere, or join what they cannot."""

    def contribution(self, facts: FileFacts) -> Contribution:
        return Contribution()

    def resolve(self, facts: FileFacts, world: World) -> list[EdgeRow]:
        own, total = file_id(facts.path), definition_id("function", "shop/money.py", "total")
        return [
            EdgeRow(own, "function:0000000000000000", "calls", (1,)),
            EdgeRow(own, own, "imports"),
            EdgeRow(own, total, "calls", (2,)),
            EdgeRow(own, total, "inherits"),
        ]


def test_edges_that_no_graph_can_hold_are_left_out_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    encoded = encode(shop(), tmp_path / "g.rpg", means=Means(Careless(), 0))
    graph = encoded.graph()
    assert {edge.kind for edge in graph.edges()} == {EdgeKind.CONTAINS, EdgeKind.CALLS}
    assert "12 edges" in caplog.text
    encoded.to_json(tmp_path / "g.json")
    assert load_graph(tmp_path / "g.json") == graph


class Watching(MemorySnapshot):
    """Notes whether cycles are looked for while files are read; one file interrupts."""

    def __init__(self, *paths: str) -> None:
        super().__init__(dict.fromkeys(paths, b"x = 1\n"))
        self.collecting: list[bool] = []

    def read(self, path: str) -> bytes:
        self.collecting.append(gc.isenabled())
        if path == "interrupts.py":
            raise KeyboardInterrupt
        return super().read(path)


def test_cycles_are_looked_for_again_after_an_encode_whatever_its_end(tmp_path: Path) -> None:
    snapshot = Watching("a.py")
    encode(snapshot, tmp_path / "a.rpg", means=ALONE)
    assert snapshot.collecting == [False] and gc.isenabled()
    snapshot = Watching("interrupts.py")
    with pytest.raises(KeyboardInterrupt):
        encode(snapshot, tmp_path / "b.rpg", means=ALONE)
    assert snapshot.collecting == [False] and gc.isenabled()
