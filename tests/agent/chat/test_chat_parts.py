from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.agent.artifacts import ArtifactStore
from repowright.agent.chat.entries import Change, Entry, Thread
from repowright.agent.chat.handles import Handles
from repowright.agent.chat.ledger_file import LedgerFile
from repowright.agent.chat.queueing import Queue
from repowright.agent.chat.rewind import restoration
from repowright.agent.chat.workspace import Edit, Workspace
from repowright.agent.errors import RunDamaged, UserError
from repowright.agent.events import Event
from repowright.agent.llm import Message
from repowright.repo_tools.errors import UnsafePath


def user(text: str, number: int = 1) -> Entry:
    return Entry(kind="user", id=f"m{number}", message=Message(role="user", content=text))


def test_chain_of_the_same_words_is_the_same_in_another_session(tmp_path: Path) -> None:
    chains = []
    for name, numbers in (("a", (1, 2)), ("b", (5, 9))):
        thread = Thread(ArtifactStore(tmp_path / name))
        tip = ""
        for number in numbers:
            tip = thread.add(tip, user("hello", number))
        chains.append(thread.entry(tip).chain)
    assert chains[0] == chains[1]


def test_model_reads_from_the_last_summary_on(tmp_path: Path) -> None:
    thread = Thread(ArtifactStore(tmp_path))
    tip = thread.add("", user("old"))
    summary = Entry(kind="summary", id="", message=Message(role="user", content="short"))
    tip = thread.add(thread.add(tip, summary), user("new", 2))
    assert [entry.message.content for entry in thread.read_by_model(tip)] == ["short", "new"]
    assert thread.find(tip, "m1") is not None


def test_entry_that_is_none_is_said_to_be_damaged(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path)
    with pytest.raises(RunDamaged):
        Thread(store).entry(store.put_text("{}"))


def test_queue_survives_and_numbers_go_on(tmp_path: Path) -> None:
    told: list[Event] = []
    queue = Queue(LedgerFile(tmp_path), told.append)
    queue.put("one", "send")
    queue.put("two", "steer")
    again = Queue(LedgerFile(tmp_path), told.append)
    assert [(each.message, each.text) for each in again.waiting] == [("m1", "one"), ("m2", "two")]
    following = again.next()
    assert following is not None
    assert following.text == "two"
    again.forget({"m2"})
    assert again.put("three", "send") == "m3"
    again.take_back("m1")
    with pytest.raises(UserError):
        again.take_back("m1")


def test_damaged_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "chat.json").write_text('{"format": 1, "mode": "wild"}')
    with pytest.raises(RunDamaged):
        LedgerFile(tmp_path)


@given(st.text(max_size=400), st.integers(30, 100))
def test_shortened_text_keeps_both_ends_and_the_whole(text: str, shown: int) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        handles = Handles(ArtifactStore(Path(folder)))
        short, handle = handles.shorten(text, shown)
        if not handle:
            assert short == text
            return
        assert short.startswith(text[: shown * 2 // 3])
        assert short.endswith(text[-(shown // 3) :])
        assert handles.whole(handle) == text


@pytest.mark.parametrize("handle", ["", "r-", "r-000000000000", "../../etc", "r-zzzzzzzzzzzz"])
def test_unknown_handle_is_refused(tmp_path: Path, handle: str) -> None:
    with pytest.raises(UserError):
        Handles(ArtifactStore(tmp_path)).whole(handle)


@pytest.mark.parametrize("path", ["../x", "/etc/passwd", ".git/config", "a/../../x", ".repowright/approvals.toml", ""])
def test_workspace_refuses_what_is_not_its_own(tmp_path: Path, path: str) -> None:
    with pytest.raises(UnsafePath):
        Workspace(tmp_path, ArtifactStore(tmp_path / "s")).edit(path, b"x")


def test_workspace_never_writes_through_a_link(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside").mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePath):
        Workspace(root, ArtifactStore(tmp_path / "s")).edit("link/x", b"x")


def test_change_is_made_once_and_never_over_somebody_elses(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    workspace = Workspace(root, ArtifactStore(tmp_path / "s"))
    (change,) = workspace.keep([workspace.edit("a.txt", b"new")])
    assert workspace.make(change)
    assert workspace.make(change)
    (root / "a.txt").write_text("mine")
    assert not workspace.make(change)
    assert (root / "a.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        (b"a\n", b"b\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"),
        (None, b"a", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n"),
        (b"a\x0cb\n", None, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\x0cb\n"),
        (b"\xff", b"a", "binary file f: 1 bytes -> 1 bytes\n"),
    ],
)
def test_diff_is_the_one_git_would_show(old: bytes | None, new: bytes | None, diff: str) -> None:
    assert Edit("f", old, new).diff == diff


@given(st.lists(st.sampled_from(["agent", "user"]), min_size=1, max_size=6))
def test_restoring_never_loses_an_edit_of_the_user(who: list[str]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "root"
        root.mkdir()
        file = root / "f"
        file.write_text("0")
        workspace = Workspace(root, ArtifactStore(Path(name) / "s"))
        changes: list[Change] = []
        for number, each in enumerate(who, 1):
            content = f"{file.read_text()}\n{each}{number}"
            if each == "user":
                file.write_text(content)
            else:
                kept = workspace.keep([workspace.edit("f", content.encode())])
                assert workspace.make(kept[0])
                changes.insert(0, kept[0])
        plan = restoration(changes, workspace)
        for change in plan.changes:
            assert workspace.make(change)
        left = file.read_text()
        assert all(f"user{number}" in left for number, each in enumerate(who, 1) if each == "user")
        if "user" not in who:
            assert left == "0"
            assert plan.kept == ()
