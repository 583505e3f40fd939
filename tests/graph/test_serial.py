from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.graph.errors import SchemaError, SchemaTooNew
from repowright.graph.model import RPG, EdgeKind, NodeKind, Place
from repowright.graph.serial import content_hash, from_json, load, save, to_json
from tests.graph.conftest import Shop, build_shop
from tests.graph.strategies import graphs


@given(graphs())
def test_a_round_trip_is_the_identity(rpg: RPG) -> None:
    again = from_json(to_json(rpg))
    assert again == rpg
    assert to_json(again) == to_json(rpg)
    assert again.nodes() == rpg.nodes()
    assert again.edges() == rpg.edges()
    assert [again.parent(node.id) for node in again] == [rpg.parent(node.id) for node in rpg]


@given(graphs(), st.randoms(use_true_random=False))
def test_the_bytes_do_not_depend_on_the_order_of_insertion(rpg: RPG, shuffler: random.Random) -> None:
    shuffled = _rebuilt(rpg, shuffler)
    assert to_json(shuffled) == to_json(rpg)
    assert content_hash(shuffled) == content_hash(rpg)
    assert shuffled.nodes() == rpg.nodes()


def test_the_hash_is_the_same_in_another_process() -> None:
    script = (
        "from tests.graph.conftest import build_shop; from repowright.graph.serial import content_hash;"
        "import sys; sys.stdout.write(content_hash(build_shop().rpg))"
    )
    found = subprocess.run(
        [sys.executable, "-c", script],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert found.stdout == content_hash(build_shop().rpg)


def test_the_hash_sees_every_change(shop: Shop) -> None:
    before = content_hash(shop.rpg)
    shop.rpg.update(shop["pay"], doc="Pays.")
    assert content_hash(shop.rpg) != before


def test_the_text_is_canonical(shop: Shop) -> None:
    text = to_json(shop.rpg)
    data = json.loads(text)
    assert text.endswith("}\n")
    assert sorted(data) == list(data) == ["edges", "nodes", "schema"]
    assert data["schema"] == "repowright.rpg/1"
    area = next(node for node in data["nodes"] if node["kind"] == "area")
    assert sorted(area) == ["id", "kind", "name"]


def test_a_round_trip_keeps_the_hierarchy_and_adds_no_edge(shop: Shop) -> None:
    again = shop.rpg
    for _ in range(3):
        again = from_json(to_json(again))
    assert len(again.edges()) == len(shop.rpg.edges())
    assert again.ancestor(shop["shop/cart.py"], NodeKind.AREA) == shop.rpg.node(shop["Cart"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "no graph"),
        ('{"schema": 1}', "no graph"),
        ('{"schema": "other/1"}', "no graph"),
        ('{"schema": "repowright.rpg/1"}', "wrong shape: nodes"),
        ('{"schema": "repowright.rpg/1", "nodes": [], "edges": []}', "no repository"),
        ('{"schema": "repowright.rpg/1", "nodes": [{"id": "a", "kind": "x", "name": "a"}], "edges": []}', "kind"),
        ('{"schema": "repowright.rpg/1", "nodes": [], "edges": [], "more": 1}', "more"),
    ],
)
def test_a_text_that_is_no_graph_is_refused(text: str, message: str) -> None:
    with pytest.raises(SchemaError, match=message):
        from_json(text)


def test_a_newer_schema_asks_for_an_upgrade() -> None:
    with pytest.raises(SchemaTooNew, match="newer version") as caught:
        from_json('{"schema": "repowright.rpg/2", "anything": []}')
    assert "upgrade" in caught.value.hint


@pytest.mark.parametrize(
    ("edge", "message"),
    [
        ({"src": "Checkout", "dst": "shop/cart.py", "kind": "contains"}, "two parents"),
        ({"src": "Cart", "dst": "nobody", "kind": "contains"}, "no node"),
        ({"src": "Cart", "dst": "nobody", "kind": "flows"}, "no node"),
        ({"src": "Cart", "dst": "pay", "kind": "calls"}, "cannot join"),
        ({"src": "pay", "dst": "shop", "kind": "contains"}, "below the repository"),
        ({"src": "pay", "dst": "Receipt", "kind": "calls", "confidence": 2}, "confidence"),
        ({"src": "pay", "dst": "Receipt", "kind": "calls", "lines": ["1"]}, "lines"),
    ],
)
def test_a_text_that_breaks_an_invariant_is_refused(shop: Shop, edge: dict[str, str], message: str) -> None:
    data = json.loads(to_json(shop.rpg))
    ends = {end: shop.ids.get(edge[end], edge[end]) for end in ("src", "dst")}
    data["edges"].append(edge | ends)
    with pytest.raises(SchemaError, match=message):
        from_json(json.dumps(data))


def test_a_repeated_node_is_refused(shop: Shop) -> None:
    data = json.loads(to_json(shop.rpg))
    data["nodes"].append(data["nodes"][0])
    with pytest.raises(SchemaError, match="already"):
        from_json(json.dumps(data))


def test_a_definition_without_a_place_is_refused(shop: Shop) -> None:
    data = json.loads(to_json(shop.rpg))
    for node in data["nodes"]:
        node.pop("place", None)
    with pytest.raises(SchemaError, match="place"):
        from_json(json.dumps(data))


def test_saving_replaces_the_file_and_leaves_nothing_else(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.write_text("old")
    save(shop.rpg, path)
    assert load(path) == shop.rpg
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_that_fails_keeps_the_old_file(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "graph.json"
    path.mkdir()
    with pytest.raises(OSError, match=r"graph\.json"):
        save(shop.rpg, path)
    assert list(tmp_path.iterdir()) == [path]


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"none\.json"):
        load(tmp_path / "none.json")
    (tmp_path / "bad.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(SchemaError, match=r"bad\.json"):
        load(tmp_path / "bad.json")
    (tmp_path / "new.json").write_text('{"schema": "repowright.rpg/9"}')
    with pytest.raises(SchemaTooNew, match=r"new\.json"):
        load(tmp_path / "new.json")


def test_five_thousand_nodes_are_written_in_half_a_second() -> None:
    rpg = RPG.new("large")
    units = []
    for number in range(500):
        file = rpg.add(NodeKind.FILE, f"m{number}.py", rpg.root.id, place=Place(f"large/m{number}.py"))
        units += [rpg.add(NodeKind.FUNCTION, f"f{unit}", file.id).id for unit in range(9)]
    for number in range(15_000):
        rpg.connect(units[number % len(units)], units[number * 7919 % len(units)], EdgeKind.CALLS)
    start = time.process_time()
    to_json(rpg)
    assert time.process_time() - start < 0.5


def _rebuilt(rpg: RPG, shuffler: random.Random) -> RPG:
    again = RPG()
    waiting = rpg.nodes()
    while waiting:
        parents = {node.id: rpg.parent(node.id) for node in waiting}
        ready = [node for node in waiting if (above := parents[node.id]) is None or above.id in again]
        node = shuffler.choice(ready)
        above = parents[node.id]
        again.attach(node, above.id if above else None)
        waiting.remove(node)
    edges = [edge for edge in rpg.edges() if edge.kind is not EdgeKind.CONTAINS]
    shuffler.shuffle(edges)
    for edge in edges:
        again.connect(edge.src, edge.dst, edge.kind, name=edge.name, lines=edge.lines, confidence=edge.confidence)
    return again
