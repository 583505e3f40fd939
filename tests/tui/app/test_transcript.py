from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.app.transcript import Change, Entry, Transcript


def after(events: list[e.Event]) -> list[Entry]:
    entries: list[Entry] = []
    transcript = Transcript(entries)
    for event in events:
        transcript.apply(event)
    return entries


def test_a_conversation_becomes_entries_in_order(chat_events: list[e.Event]) -> None:
    entries = after(chat_events)
    assert [entry.kind for entry in entries] == ["user", "tool", "reply", "tool", "note", "reply", "turn"]
    assert [entry.state for entry in entries if entry.kind == "tool"] == ["done", "done"]


def test_pieces_become_one_reply_that_the_whole_replaces() -> None:
    entries: list[Entry] = []
    transcript = Transcript(entries)
    assert transcript.apply(c.ChatDelta(message="m1", text="Hel")) == [Change("add", 0), Change("grow", 0, "Hel")]
    assert transcript.apply(c.ChatDelta(message="m1", text="lo")) == [Change("grow", 0, "lo")]
    assert entries[0].text == "Hello" and entries[0].live
    assert transcript.apply(c.ChatReply(message="m1", text="Hello!")) == [Change("set", 0)]
    assert entries == [Entry("reply", "m1", "Hello!")]


def test_a_turn_cut_off_leaves_no_live_reply() -> None:
    entries = after([c.ChatDelta(message="m1", text="Hel"), c.TurnEnd(message="m0", status="cancelled")])
    assert [entry.live for entry in entries] == [False, False]


def test_a_reply_that_only_calls_tools_shows_nothing() -> None:
    assert after([c.ChatReply(message="m1", text="", calls=2)]) == []


def test_rewinding_takes_away_what_came_after(chat_events: list[e.Event]) -> None:
    entries = after([*chat_events, c.ChatUser(message="m9", text="more"), c.Rewound(message="m9", what="both")])
    assert [entry.id for entry in entries if entry.kind == "user"] == ["m1"]
    assert entries[-1].kind == "note"


def test_rewinding_code_alone_keeps_what_was_said(chat_events: list[e.Event]) -> None:
    entries = after([*chat_events, c.Rewound(message="m1", what="code", kept=["a.py"])])
    assert entries[0].id == "m1"
    assert "a.py stay as you changed them" in entries[-1].text


def test_messages_are_listed_newest_first() -> None:
    entries: list[Entry] = []
    transcript = Transcript(entries)
    for number in (1, 2):
        transcript.apply(c.ChatUser(message=f"m{number}", text=f"say {number}"))
    assert transcript.message_ids() == [("m2", "say 2"), ("m1", "say 1")]


def test_the_events_of_a_generation_are_notes(story: list[e.Event]) -> None:
    entries = after(story)
    assert {entry.kind for entry in entries} == {"note"}
    assert any("verified Store" in entry.text for entry in entries)
