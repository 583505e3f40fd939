from repowright.agent import events as e
from repowright.agent.chat import events as c
from repowright.tui.app.rewind_preview import History


def change(path: str, by: str = "agent") -> c.FileChange:
    return c.FileChange(path=path, diff=f"+{path}\n", added=2, removed=1, by="rewind" if by == "rewind" else "agent")


def told(*events: e.Event) -> History:
    history = History()
    for event in events:
        history(event)
    return history


TALK: tuple[e.Event, ...] = (
    c.ChatUser(message="m1", text="one"),
    change("a.py"),
    c.ChatReply(message="m2", text="done"),
    c.ChatUser(message="m3", text="two"),
    change("b.py"),
    change("a.py"),
    c.ChatReply(message="m4", text=" "),
)


def test_all_that_lies_after_a_message_is_told() -> None:
    preview = told(*TALK).since("m1")
    assert preview.said == "2 messages and 1 reply are taken out"
    assert preview.files == "2 files set back (+6 -3 undone): a.py, b.py"
    assert preview.diff == "+a.py\n+b.py\n+a.py"


def test_a_later_message_loses_less() -> None:
    preview = told(*TALK).since("m3")
    assert preview.said == "1 message and 0 replies are taken out"
    assert [each.path for each in preview.changes] == ["b.py", "a.py"]


def test_what_a_rewind_took_is_not_offered_again() -> None:
    history = told(*TALK, change("b.py", "rewind"), c.Rewound(message="m3", what="both"))
    assert [each.path for each in history.since("m1").changes] == ["a.py"]
    assert history.since("m3").files == "no file was changed since"


def test_files_of_a_conversation_taken_out_belong_to_what_came_before() -> None:
    preview = told(*TALK, c.Rewound(message="m3", what="conversation")).since("m1")
    assert preview.messages == 1 and [each.path for each in preview.changes] == ["a.py", "b.py", "a.py"]


def test_code_set_back_alone_leaves_what_was_said() -> None:
    preview = told(*TALK, c.Rewound(message="m3", what="code")).since("m1")
    assert preview.messages == 2 and [each.path for each in preview.changes] == ["a.py"]
