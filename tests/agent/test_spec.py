import io
from pathlib import Path

import pytest

from repowright.agent.errors import SpecError
from repowright.agent.spec import MAX_BYTES, read_spec, slug_of, title_of

NOTHING = io.BytesIO(b"")


def test_a_sentence_is_its_own_specification() -> None:
    spec = read_spec("A library for matrices. It is small.", NOTHING)
    assert (spec.title, spec.text, spec.origin) == (
        "A library for matrices",
        "A library for matrices. It is small.\n",
        "the command line",
    )


def test_an_existing_file_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "idea.adoc"
    path.write_bytes(b"\xef\xbb\xbfintro\r\n\r\n# The  `Title` #\r\nbody\r\n")
    spec = read_spec(str(path), NOTHING)
    assert spec.title == "The Title"
    assert spec.text == "intro\n\n# The  `Title` #\nbody\n"
    assert spec.origin == str(path)


def test_a_hyphen_reads_standard_input() -> None:
    assert read_spec("-", io.BytesIO("ein Wörterbuch".encode())).title == "ein Wörterbuch"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"# \n---\n", "empty"),
        (b"a\0b", "binary"),
        (b"caf\xe9", "not UTF-8"),
        (b"a" * (MAX_BYTES + 1), "over 200 kB"),
    ],
)
def test_unusable_bytes_are_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(SpecError, match=words) as caught:
        read_spec("-", io.BytesIO(data))
    assert caught.value.hint
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("argument", ["missing.md", "docs/none.TXT"])
def test_a_path_that_does_not_exist_is_not_taken_for_a_sentence(argument: str) -> None:
    with pytest.raises(SpecError, match="no file"):
        read_spec(argument, NOTHING)


def test_a_sentence_that_ends_like_a_path_is_a_sentence() -> None:
    assert read_spec("Turn my notes into notes.md", NOTHING).origin == "the command line"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="is a folder"):
        read_spec(str(tmp_path), NOTHING)


def test_a_sentence_too_long_to_be_a_path_is_a_sentence() -> None:
    assert len(read_spec("word " * 5000, NOTHING).text) > 20_000


def test_long_titles_end_at_a_word() -> None:
    title = title_of("a command line program that keeps a list of everything I have to do this week")
    assert title == "a command line program that keeps a list of everything I..."
    assert len(title) <= 60


def test_the_same_text_has_the_same_hash_from_any_origin(tmp_path: Path) -> None:
    path = tmp_path / "s.md"
    path.write_text("a calculator\n", encoding="utf-8")
    assert read_spec(str(path), NOTHING).hash == read_spec("a calculator", NOTHING).hash


@pytest.mark.parametrize(("title", "slug"), [("To-do: list!", "to-do-list"), ("数独", "project"), ("x" * 60, "x" * 40)])
def test_slugs_are_plain_file_names(title: str, slug: str) -> None:
    assert slug_of(title) == slug
