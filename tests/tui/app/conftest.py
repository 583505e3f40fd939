from pathlib import Path

import pytest
from scripted_chat import ScriptedEngine, T

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.graph.kinds import EdgeKind, NodeKind, State
from repowright.graph.model import RPG, Place
from repowright.graph.serial import save

DIFF = """\
--- a/shop/cart.py
+++ b/shop/cart.py
@@ -1,2 +1,2 @@
 def total(prices):
-    return 0
+    return sum(prices)
"""
ASK = c.ApprovalAsk(
    approval="a1",
    call="c2",
    tool="edit",
    title="edit shop/cart.py",
    detail=DIFF,
    reason="mode ask",
    scope=["edit: shop/**"],
)


def told(*events: e.Event) -> list[e.Event]:
    return [event.model_copy(update={"ts": T + number, "run": "chat-1"}) for number, event in enumerate(events)]


def a_chat() -> list[e.Event]:
    return told(
        c.ModeChanged(mode="ask"),
        c.GraphState(state="ready", nodes=12, edges=9),
        c.ChatUser(message="m1", text="why is the total wrong?"),
        c.TurnStart(message="m1"),
        c.ToolCalled(call="c1", message="m2", name="search", title="search total", arguments="{}"),
        c.ToolResult(call="c1", name="search", state="done", text="shop/cart.py:total [function]", seconds=0.2),
        c.ChatReply(message="m3", text="`total` returns **0**.\n\n- fix it\n- test it\n", calls=1),
        c.ToolCalled(call="c2", message="m3", name="edit", title="edit shop/cart.py", arguments="{}"),
        ASK,
        c.ApprovalDecided(approval="a1", call="c2", decision="once"),
        c.FileChange(path="shop/cart.py", diff=DIFF, added=1, removed=1, call="c2"),
        c.ToolResult(call="c2", name="edit", state="done", text="edited", seconds=0.1),
        c.TestsReport(
            call="c3", chosen="affected", targets=["tests/test_cart.py"], passed=3, failed=1, failing=["t::x"]
        ),
        c.ChatReply(message="m4", text="Done."),
        c.TurnEnd(
            message="m1", status="done", steps=3, seconds=4.0, prompt_tokens=900, completion_tokens=100, usd=0.01
        ),
    )


@pytest.fixture
def chat_events() -> list[e.Event]:
    return a_chat()


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop-project"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop" / "cart.py").write_text("def total(prices):\n    return sum(prices)\n", encoding="utf-8")
    (folder / "shop" / "till.py").write_text(
        "from shop.cart import total\n\n\ndef pay():\n    total([])\n", encoding="utf-8"
    )
    rpg = RPG.new("shop", "sell things")
    area = rpg.add(NodeKind.AREA, "Cart", rpg.root.id, feature="keep what is bought")
    cart = rpg.add(NodeKind.FILE, "cart.py", area.id, place=Place("shop/cart.py"))
    total = rpg.add(
        NodeKind.FUNCTION,
        "total",
        cart.id,
        feature="add prices up",
        place=Place("shop/cart.py", "total", (1, 2), "def total(prices)"),
        state=State.VERIFIED,
    )
    till = rpg.add(NodeKind.FILE, "till.py", area.id, place=Place("shop/till.py"))
    pay = rpg.add(NodeKind.FUNCTION, "pay", till.id, place=Place("shop/till.py", "pay", (4, 5)))
    rpg.connect(pay.id, total.id, EdgeKind.CALLS)
    save(rpg, folder / "graph.json")
    return folder
