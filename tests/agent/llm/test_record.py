from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repowright.agent.errors import RunDamaged
from repowright.agent.llm import Record, Replay, Reply, Request, ToolCall, Usage
from repowright.agent.llm.record import write_whole

RequestFor = Callable[..., Request]

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
calls = st.builds(ToolCall, id=texts, name=texts, arguments=texts)
usages = st.builds(Usage, *[], prompt_tokens=st.integers(0, 10**9), completion_tokens=st.integers(0, 10**9))
replies = st.builds(
    Reply,
    text=texts,
    tool_calls=st.lists(calls, max_size=3).map(tuple),
    finish_reason=st.sampled_from(["stop", "length", "tool_calls"]),
    usage=usages,
    seconds=st.floats(0, 1e6),
)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(reply=replies, text=texts)
def test_any_reply_comes_back_as_it_was(tmp_path: Path, request_for: RequestFor, reply: Reply, text: str) -> None:
    request = request_for(text)
    record = Record(tmp_path)
    record.keep(request, "m", reply)
    assert Record(tmp_path).get(request.key("m")) == reply


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10_000), digit=st.sampled_from("0123456789abcxyz"))
def test_no_altered_character_goes_unseen(tmp_path: Path, request_for: RequestFor, at: int, digit: str) -> None:
    request = request_for()
    record = Record(tmp_path)
    record.keep(request, "m", Reply(text="answer", usage=Usage(prompt_tokens=5)))
    path = tmp_path / "reply" / f"{request.key('m')}.json"
    text = path.read_text(encoding="utf-8")
    at %= len(text)
    altered = text[:at] + digit + text[at + 1 :]
    path.write_text(altered, encoding="utf-8")
    if json_or_none(altered) == json.loads(text):
        assert record.get(request.key("m")) is not None
    else:
        with pytest.raises(RunDamaged, match=path.name):
            record.get(request.key("m"))


def json_or_none(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


@pytest.fixture
def stored(tmp_path: Path, request_for: RequestFor) -> Path:
    request = request_for()
    Record(tmp_path).keep(request, "m", Reply(text="answer"))
    return tmp_path / "reply" / f"{request.key('m')}.json"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"\xff\xff", b"null", b"[" * 100_000])
def test_cut_or_foreign_file_is_named(stored: Path, tmp_path: Path, content: bytes) -> None:
    stored.write_bytes(content)
    with pytest.raises(RunDamaged, match=stored.name):
        Record(tmp_path).get(stored.stem)


def test_newer_format_is_said_to_be_newer(stored: Path, tmp_path: Path) -> None:
    stored.write_text(json.dumps(json.loads(stored.read_text(encoding="utf-8")) | {"format": 99}), encoding="utf-8")
    with pytest.raises(RunDamaged, match="written by a newer version"):
        Record(tmp_path).get(stored.stem)


def test_file_under_another_name_is_refused(stored: Path, tmp_path: Path) -> None:
    stored.rename(stored.with_name("0123.json"))
    with pytest.raises(RunDamaged, match="another answer"):
        Record(tmp_path).get("0123")


def test_file_names_request_for_people(stored: Path, request_for: RequestFor) -> None:
    content = json.loads(stored.read_text(encoding="utf-8"))
    assert (content["task"], content["subject"]) == ("t.one", "s")
    assert content["request_hash"].startswith(request_for().key("m"))


def test_missing_answer_is_none(tmp_path: Path) -> None:
    record = Record(tmp_path / "nowhere")
    assert record.get("abc") is None
    assert record.keys() == [] and len(record) == 0
    assert "abc" not in record


def test_evidence_stays_apart_from_replies(stored: Path, tmp_path: Path) -> None:
    record = Record(tmp_path)
    record.put_text("sandbox", "k1", '{"passed": 3}')
    assert record.get_text("sandbox", "k1") == '{"passed": 3}'
    assert record.get("k1") is None
    assert (record.keys(), record.keys("sandbox")) == ([stored.stem], ["k1"])
    assert stored.stem in record


@pytest.mark.parametrize("key", ["", "../x", "a/b", ".hidden", "a\n"])
def test_key_cannot_leave_the_folder(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        Record(tmp_path).get(key)


def test_replay_answers_from_the_recording_alone(stored: Path, tmp_path: Path) -> None:
    replay = Replay(Record(tmp_path))
    reply = replay.get(stored.stem)
    assert reply is not None and (reply.text, reply.source) == ("answer", "replay")
    assert replay.get("abc") is None and len(replay) == 1


def test_folder_that_cannot_be_written_is_named(tmp_path: Path, request_for: RequestFor) -> None:
    (tmp_path / "reply").write_text("in the way", encoding="utf-8")
    with pytest.raises(RunDamaged, match="cannot be written"):
        Record(tmp_path).keep(request_for(), "m", Reply(text="answer"))


def test_failed_write_leaves_the_old_content_and_no_scratch(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    (folder / "kept").write_bytes(b"old")
    with pytest.raises(OSError, match=r".+"):
        write_whole(folder, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert (folder / "kept").read_bytes() == b"old"
