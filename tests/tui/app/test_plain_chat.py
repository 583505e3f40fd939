import io
import os
import time
from typing import Any

import pytest
from scripted_chat import ScriptedEngine

from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.app.editor import editor_command
from repowright.tui.app.headless import Answer, held, saying
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


class TellingEngine(ScriptedEngine):
    """Tells of its end, as the protocol wants."""

    async def close(self) -> None:
        await super().close()
        self.tell(e.RunEnd(ts=time.time(), status="done", exit_code=0))


@pytest.fixture
def engine() -> TellingEngine:
    return TellingEngine()


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


def test_an_unknown_editor_gets_the_path_alone(tmp_path: Any) -> None:
    assert editor_command(tmp_path, 3, "ed") == ["ed", str(tmp_path)]


async def test_answer_is_what_was_said_last(engine: TellingEngine) -> None:
    engine.answers = lambda _: [
        c.ChatReply(message="m1", text="Let me look.", calls=1),
        c.ToolCalled(call="c1", message="m1", name="read", title="read a.py", arguments="{}"),
        c.ToolResult(call="c1", name="read", state="done", text="1 a"),
        c.ChatReply(message="m2", text="It is here."),
    ]
    answer = Answer()
    end = await held(engine, saying("where?"), [answer], clock=lambda: 0.0)
    assert (answer.text, end.exit_code) == ("It is here.", 0)
    assert engine.asked == [("send", "where?"), ("settled",), ("close",)]


async def test_what_a_resumed_session_said_before_is_no_answer(
    engine: TellingEngine, chat_events: list[e.Event]
) -> None:
    engine.stored = chat_events
    answer, told = Answer(), list[e.Event]()
    begun = max(event.ts for event in chat_events) + 1
    engine.stored = [*chat_events, e.RunEnd(ts=begun - 0.5, status="stopped", exit_code=0)]
    engine.answers = lambda _: [c.Note(ts=begun, text="now")]
    await held(engine, saying("?"), [answer, told.append], clock=lambda: begun)
    assert (answer.text, [event.type for event in told]) == ("", ["note", "run.end"])


async def test_typed_lines_come_as_they_are_typed_and_end_with_the_input(engine: TellingEngine) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading) as typed:
        os.write(writing, "hé".encode() + b"llo\nmo")
        os.write(writing, b"re\nlast")
        os.close(writing)
        await PlainChat(engine, io.StringIO()).run(typed)
    assert [asked for asked in engine.asked if asked[0] == "send"] == [
        ("send", "héllo"),
        ("send", "more"),
        ("send", "last"),
    ]
