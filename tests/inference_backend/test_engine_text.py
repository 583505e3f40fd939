from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.inference_backend.engine.text import TextStream


class Bytes:
    def decode(self, token_ids: list[int], skip_special_tokens: bool = False, **named: bool) -> str:
        return bytes(token_ids).decode(errors="replace")


def _pushed(text: bytes, stop: tuple[str, ...] = ()) -> tuple[list[str], TextStream]:
    stream, parts = TextStream(Bytes(), stop), list[str]()
    for token in text:
        parts.append(stream.push(token))
        if stream.is_stopped:
            break
    return parts, stream


def test_character_of_several_tokens_comes_whole() -> None:
    parts, _ = _pushed("é€".encode())
    assert parts == ["", "é", "", "", "€"]


def test_broken_bytes_at_the_end_come_with_the_finish() -> None:
    parts, stream = _pushed(b"a\xe2\x82")
    assert "".join(parts) == "a"
    assert stream.finish() == "�"


def test_stop_text_across_tokens_ends_the_answer_before_it() -> None:
    parts, stream = _pushed(b"one END two", ("END",))
    assert "".join(parts) + stream.finish() == "one "
    assert stream.is_stopped


def test_beginning_of_a_stop_text_is_held_back_until_it_is_none() -> None:
    parts, stream = _pushed(b"xENx", ("END",))
    assert parts == ["x", "", "", "ENx"]
    assert not stream.is_stopped
    parts, stream = _pushed(b"xEN", ("END",))
    assert parts == ["x", "", ""] and stream.finish() == "EN"


@pytest.mark.parametrize("stop", [("bc", "b"), ("abc", "c"), ("zz", "cab")])
@given(text=st.text("abcz", max_size=30))
def test_text_is_cut_at_the_earliest_token_that_completes_a_stop(stop: tuple[str, ...], text: str) -> None:
    parts, stream = _pushed(text.encode(), stop)
    answer = "".join(parts) + stream.finish()
    ends = [text.find(each) + len(each) for each in stop if each in text]
    if not ends:
        assert answer == text and not stream.is_stopped
        return
    seen = text[: min(ends)]
    assert answer == seen[: min(at for at in (seen.find(each) for each in stop) if at >= 0)]


@given(st.text(max_size=20))
def test_any_text_comes_through_byte_by_byte(text: str) -> None:
    parts, stream = _pushed(text.encode())
    assert "".join(parts) + stream.finish() == text


@pytest.mark.parametrize(("keep_special", "text"), [(True, "<tool>a"), (False, "a")])
def test_special_tokens_have_a_text_where_it_is_wanted(keep_special: bool, text: str) -> None:
    class Special:
        def decode(self, token_ids: list[int], skip_special_tokens: bool = False, **named: bool) -> str:
            return "".join(chr(each) if each else "" if skip_special_tokens else "<tool>" for each in token_ids)

    stream = TextStream(Special(), keep_special=keep_special)
    assert stream.push(0) + stream.push(ord("a")) == text
