from repowright.agent.chat import events as c
from repowright.agent.events import Event, RunEnd
from repowright.tui.chat_words import CHAT_WORDS
from repowright.tui.lines import line_of

EVENTS: list[Event] = [
    c.ChatUser(message="m1", text="why is\nthe total wrong?"),
    c.TurnStart(message="m1"),
    c.ChatReply(message="m2", text="", calls=2),
    c.ToolCalled(call="c1", message="m2", name="search", title="search total", arguments="{}"),
    c.ToolResult(call="c1", name="search", state="done", text="found", seconds=2.0),
    c.ApprovalAsk(approval="a1", call="c2", tool="edit", title="edit a.py", reason="mode ask"),
    c.ApprovalDecided(approval="a1", call="c2", decision="once"),
    c.FileChange(path="a.py", diff="", added=1, removed=2, call="c2"),
    c.TestsReport(call="c3", chosen="affected", passed=3, failed=1, errors=1, failing=["t::x", "t::y"]),
    c.QueueChanged(waiting=[c.Waiting(message="m4", text="next", how="send")]),
    c.ModeChanged(mode="auto"),
    c.PlanChanged(plan=""),
    c.Compaction(tokens_before=9000, tokens_after=1200, messages=7, summary="said"),
    c.Rewound(message="m1", what="both"),
    c.GraphState(state="failed", reason="no source"),
    c.Note(level="warning", text="cut off", hint="go on"),
    c.ChatReply(message="m5", text="x" * 500),
    c.TurnEnd(message="m1", status="done", steps=2, seconds=4.0, prompt_tokens=900, completion_tokens=100, usd=0.01),
]
LINES = [
    "you       why is the total wrong?",
    "turn      begins with m1",
    "agent     calls 2 tools",
    "tool      search total",
    "tool      search done in 2.0s",
    "asks      edit a.py (mode ask)",
    "decided   once by user",
    "file      a.py +1 -2 by the agent",
    "tests     3 passed, 2 failed: t::x, t::y",
    "queue     1 message waiting",
    "mode      auto",
    "plan      none",
    "context   7 messages summarised, 1.2k tokens are left",
    "rewind    both to before m1",
    "graph     failed no source",
    "note      cut off (go on)",
    f"agent     {'x' * 160}...",
    "turn      done: 2 steps, 1.0k tokens, 0.010 usd, 4.0s",
]


def test_each_event_of_a_conversation_is_one_line() -> None:
    assert [line_of(event) for event in EVENTS] == LINES


def test_the_end_of_a_conversation_counts_no_units() -> None:
    end = RunEnd(status="done", exit_code=0, prompt_tokens=900, completion_tokens=100, usd=0.01, seconds=4.0)
    assert line_of(end) == "end       done: 1.0k tokens, 0.010 usd, 4.0s"


def test_no_kind_of_event_is_left_out() -> None:
    assert {event.type for event in EVENTS} == set(CHAT_WORDS)
