import io
from typing import Any

import pytest

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.app.editor import editor_command
from repowright.tui.app.headless import one_turn
from repowright.tui.app.plain import PlainChat, PlainLines

ASK = c.ApprovalAsk(approval="a1", call="c1", tool="shell", title="shell ls", scope=["shell: ls *"])


def test_lines_are_flat_text(chat_events: list[e.Event]) -> None:
    out = io.StringIO()
    lines = PlainLines(out)
    for event in chat_events:
        lines(event)
    text = out.getvalue()
    assert "\x1b" not in text and "  " not in text.replace("    return", "").replace("\n\n", "")
    assert "`total` returns **0**." in text and "needs you: edit shop/cart.py" in text
    assert "session or always would keep: edit: shop/**" in text


async def test_lines_are_sent_and_answers_decide(engine: Any) -> None:
    engine.answers = lambda text: [ASK] if text == "list" else []
    said = "list\nwhat\ny\nmore\n!ls\n/mode plan\n/quit\nnever\n"
    out = io.StringIO()
    await PlainChat(engine, out).run(io.StringIO(said))
    assert engine.asked == [
        ("send", "list"),
        ("decide", "a1", "once", ""),
        ("send", "more"),
        ("shell", "ls"),
        ("mode", "plan"),
        ("close",),
    ]
    assert out.getvalue().count("needs you: shell ls") == 2


async def test_a_refusal_takes_its_reason_along(engine: Any) -> None:
    engine.stored = [ASK]
    await PlainChat(engine, io.StringIO()).run(io.StringIO("n not now\n"))
    assert engine.asked == [("decide", "a1", "deny", "not now"), ("settled",), ("close",)]


@pytest.mark.parametrize(
    ("status", "code"), [("done", 0), ("denied", 5), ("budget", 4), ("steps", 4), ("cancelled", 130), ("error", 1)]
)
async def test_a_turn_tells_its_end_by_its_exit_code(engine: Any, status: Any, code: int) -> None:
    engine.answers = lambda _: [
        c.ChatReply(message="m1", text="Let me look.", calls=1),
        c.ToolCalled(call="c1", message="m1", name="read", title="read a.py", arguments="{}"),
        c.ChatReply(message="m2", text="It is here."),
        c.TurnEnd(message="m0", status=status),
    ]
    out, err = io.StringIO(), io.StringIO()
    assert await one_turn(engine, "where?", out, err, as_json=False, clock=lambda: 0.0) == code
    assert out.getvalue() == "It is here.\n"
    assert "read a.py" in err.getvalue() and "It is here" not in err.getvalue()


async def test_json_is_events_alone(engine: Any) -> None:
    engine.answers = lambda _: [c.ChatReply(message="m1", text="Yes."), c.TurnEnd(message="m0", status="done")]
    out, err = io.StringIO(), io.StringIO()
    assert await one_turn(engine, "?", out, err, as_json=True, clock=lambda: 0.0) == 0
    assert [e.parse_event(line).type for line in out.getvalue().splitlines()] == ["chat.reply", "turn.end"]
    assert err.getvalue() == ""


async def test_a_turn_that_never_ended_is_a_failure(engine: Any) -> None:
    assert await one_turn(engine, "?", io.StringIO(), io.StringIO(), as_json=False, clock=lambda: 0.0) == 1


def test_an_unknown_editor_gets_the_path_alone(tmp_path: Any) -> None:
    assert editor_command(tmp_path, 3, "ed") == ["ed", str(tmp_path)]


async def test_what_a_resumed_session_said_before_is_no_answer(engine: Any, chat_events: list[e.Event]) -> None:
    engine.stored = chat_events
    out = io.StringIO()
    assert await one_turn(engine, "?", out, io.StringIO(), as_json=True) == 1
    assert out.getvalue() == ""
