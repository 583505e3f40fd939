from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given

from repowright.benchmarks.speed.large_graph import large_graph
from repowright.graph.drawing import LEVELS, Level, drawing
from repowright.graph.errors import GraphError
from repowright.graph.layout import layout
from repowright.graph.model import RPG, EdgeKind, NodeKind, Place, State
from repowright.graph.page_data import page_data
from repowright.graph.render import html, mermaid, svg, tree
from repowright.graph.serial import from_json, to_json
from tests.graph.conftest import Shop
from tests.graph.strategies import graphs

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{data}}"


class Page(HTMLParser):
    """Counts elements and collects what could reach out or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.reaching: list[tuple[str, str | None]] = []
        self.data = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._inside = tag if dict(attrs).get("id") == "data" else ""
        self.reaching += [(name, value) for name, value in attrs if name in ("src", "href") or name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.data += data if self._inside == "script" else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def test_the_tree_has_a_line_a_node(shop: Shop) -> None:
    shop.rpg.update(shop["pay"], state=State.VERIFIED)
    lines = tree(shop.rpg).splitlines()
    assert len(lines) == len(shop.rpg)
    assert lines[0] == "shop: sell things"
    assert "│   └── file shop/cart.py" in lines
    assert any(line.endswith("function pay [verified]") for line in lines)


@pytest.mark.parametrize(("level", "count"), [("area", 2), ("file", 2), ("unit", 4)])
def test_a_drawing_shows_each_node_of_its_level(shop: Shop, level: Level, count: int) -> None:
    root = ElementTree.fromstring(svg(shop.rpg, level))
    boxes = [element.get("data-id") for element in root.iter() if element.get("class", "").startswith("box ")]
    assert len(boxes) == count
    assert boxes == [box.id for box in drawing(shop.rpg, level).boxes]


def test_areas_are_joined_by_flows_and_files_by_needs(shop: Shop) -> None:
    flow = drawing(shop.rpg, "area").arrows[0]
    assert (flow.src, flow.dst, flow.label) == (shop["Cart"], shop["Checkout"], "Basket")
    need = drawing(shop.rpg, "file").arrows[0]
    assert (need.src, need.dst) == (shop["shop/checkout.py"], shop["shop/cart.py"])
    assert need.kinds == (EdgeKind.IMPORTS, EdgeKind.CALLS)


def test_areas_without_flows_are_joined_by_what_they_need(shop: Shop) -> None:
    shop.rpg.disconnect(shop["Cart"], shop["Checkout"], EdgeKind.FLOWS, "basket")
    arrows = drawing(shop.rpg, "area").arrows
    assert [(arrow.src, arrow.dst) for arrow in arrows] == [(shop["Checkout"], shop["Cart"])]


@given(graphs())
def test_every_drawing_is_xml_and_the_same_after_a_round_trip(rpg: RPG) -> None:
    again = from_json(to_json(rpg))
    for level in LEVELS:
        ElementTree.fromstring(svg(rpg, level))
        assert svg(again, level) == svg(rpg, level)


@given(graphs())
def test_boxes_never_overlap_and_lie_inside(rpg: RPG) -> None:
    for level in LEVELS:
        drawn = drawing(rpg, level)
        found = layout(drawn)
        spots = list(found.spots.values())
        assert set(found.spots) == {box.id for box in drawn.boxes}
        assert len({(spot.x, spot.y) for spot in spots}) == len(spots)
        for column in {spot.column for spot in spots}:
            tops = sorted(spot.y for spot in spots if spot.column == column)
            assert all(low + spots[0].height < high for low, high in pairwise(tops))
        assert all(s.x >= 0 and s.x + s.width <= found.width and s.y + s.height <= found.height for s in spots)


def test_arrows_lead_to_the_right_where_there_is_no_circle(shop: Shop) -> None:
    for level in LEVELS:
        drawn = drawing(shop.rpg, level)
        spots = layout(drawn).spots
        assert all(spots[arrow.src].column < spots[arrow.dst].column for arrow in drawn.arrows)


def test_a_ring_is_drawn_whole() -> None:
    rpg = RPG.new("r")
    areas = [rpg.add(NodeKind.AREA, name, rpg.root.id).id for name in "abc"]
    for src, dst in ((0, 2), (2, 1), (1, 0)):
        rpg.connect(areas[src], areas[dst], EdgeKind.FLOWS, data_type="int")
    assert svg(rpg, "area").count('class="arrow flows"') == 3


def test_a_level_without_boxes_says_so() -> None:
    assert "No file to draw yet" in svg(RPG.new("r"), "file")


def test_an_unknown_level_is_refused(shop: Shop) -> None:
    with pytest.raises(GraphError, match="no level"):
        svg(shop.rpg, "galaxy")  # type: ignore[arg-type]


def test_the_page_asks_for_nothing_and_holds_every_node(shop: Shop) -> None:
    text = html(shop.rpg)
    page = Page(text)
    assert page.reaching == []
    assert "default-src 'none'" in text
    assert not re.search(r"url\((?!#)|@import|fetch\(|XMLHttpRequest|innerHTML|insertAdjacent", text)
    data = json.loads(page.data)
    assert data["nodes"]["id"] == [node.id for node in shop.rpg.nodes()]
    assert len(data["edges"]["src"]) == len(shop.rpg.edges()) - len(shop.rpg) + 1


def test_only_the_script_of_the_page_may_run(shop: Shop) -> None:
    text = html(shop.rpg)
    (allowed,) = re.findall(r"script-src 'sha256-([^']+)'", text)
    script = text.rpartition("<script>")[2].partition("</script>")[0]
    assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() == allowed


def test_untrusted_text_is_inert_everywhere(shop: Shop) -> None:
    calm = Page(html(shop.rpg))
    shop.rpg.update(shop["shop"], name=HOSTILE, feature=HOSTILE)
    shop.rpg.update(shop["Cart"], name=HOSTILE, feature=HOSTILE, doc=HOSTILE)
    shop.rpg.update(shop["pay"], name=HOSTILE, feature=HOSTILE, doc=HOSTILE)
    shop.rpg.update(shop["pay for a basket"], feature=HOSTILE)
    shop.rpg.connect(shop["Cart"], shop["Checkout"], EdgeKind.FLOWS, name=HOSTILE, data_type=HOSTILE)
    page = Page(html(shop.rpg))
    assert page.reaching == []
    assert page.tags.count("script") == calm.tags.count("script") == 2
    assert "img" not in page.tags
    assert HOSTILE in json.loads(page.data)["nodes"]["name"]
    ElementTree.fromstring(svg(shop.rpg, "area"))


def test_separators_that_end_lines_of_scripts_are_escaped(shop: Shop) -> None:
    shop.rpg.update(shop["pay"], doc="one\u2028two\u2029three")
    text = page_data(shop.rpg).as_script_text()
    assert not set("<>&\u2028\u2029") & set(text)
    assert "one\u2028two\u2029three" in json.loads(text)["nodes"]["doc"]


@given(graphs())
def test_the_columns_hold_the_tree(rpg: RPG) -> None:
    columns = page_data(rpg).nodes
    for index, node in enumerate(rpg.nodes()):
        inside = [rpg.position(each.id) for each in rpg.descendants(node.id)]
        assert list(range(index + 1, columns.end[index])) == inside
        parent = rpg.parent(node.id)
        assert columns.parent[index] == (-1 if parent is None else rpg.position(parent.id))


def test_a_node_shows_the_least_advanced_thing_inside(shop: Shop) -> None:
    for node in shop.rpg.nodes():
        shop.rpg.update(node.id, state=State.VERIFIED)
    shop.rpg.update(shop["pay for a basket"], state=State.STUBBED)
    data = page_data(shop.rpg)
    states = dict(zip(data.nodes.id, (data.states[each] for each in data.nodes.state), strict=True))
    assert (states[shop["Checkout"]], states[shop["Cart"]], states[shop["shop"]]) == ("stubbed", "verified", "stubbed")


def test_without_scripts_a_small_graph_shows_its_tree(shop: Shop) -> None:
    plain = html(shop.rpg).partition("<noscript>")[2].partition("</noscript>")[0]
    assert plain.count('class="name"') == len(shop.rpg)


def test_without_scripts_a_large_graph_shows_its_files() -> None:
    rpg = large_graph(2_000)
    plain = html(rpg).partition("<noscript>")[2].partition("</noscript>")[0]
    assert plain.count('class="name"') == 1 + len(rpg.nodes(NodeKind.AREA, NodeKind.FILE))


def test_control_characters_do_not_break_a_drawing() -> None:
    rpg = RPG.new("r")
    rpg.add(NodeKind.AREA, "bell \x07 nul \x00 esc \x1b \ufffe", rpg.root.id)
    ElementTree.fromstring(svg(rpg, "area"))


def test_two_thousand_definitions_give_a_page_without_drawing_them() -> None:
    rpg = RPG.new("large")
    for number in range(100):
        file = rpg.add(NodeKind.FILE, f"m{number}.py", rpg.root.id, place=Place(f"large/m{number}.py"))
        for unit in range(20):
            rpg.add(NodeKind.FUNCTION, f"f{unit}", file.id)
    start = time.process_time()
    text = html(rpg)
    assert time.process_time() - start < 3.0
    assert 'id="sheet-file"' in text
    assert 'id="sheet-unit"' not in text


def test_mermaid_groups_files_by_area(shop: Shop) -> None:
    text = mermaid(shop.rpg, "file")
    assert text.startswith("flowchart LR\n")
    assert 'subgraph a0["Cart"]' in text
    assert 'n0["shop/cart.py"]:::planned' in text
    assert "    n1 --> n0\n" in text


def test_mermaid_labels_flows_and_escapes_text(shop: Shop) -> None:
    shop.rpg.connect(shop["Cart"], shop["Checkout"], EdgeKind.FLOWS, name="x", data_type='dict["a"]')
    text = mermaid(shop.rpg, "area")
    assert 'n0 -->|"Basket, dict#91;#34;a#34;#93;"| n1' in text
