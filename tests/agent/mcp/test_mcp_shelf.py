import pytest

from repowright.agent.mcp.shelf import HandleUnknown, Shelf


def test_a_short_text_is_shown_whole() -> None:
    assert Shelf(10).shown("0123456789") == ("0123456789", None)


def test_a_cut_ends_with_a_line_where_it_can() -> None:
    shown, cut = Shelf(10).shown("012345\n789ab")
    assert cut is not None
    assert (shown, cut.shown, cut.characters) == ("012345\n", 7, 12)
    assert Shelf(10).shown("x" * 25)[0] == "x" * 10


def test_the_same_text_has_the_same_handle_everywhere() -> None:
    handles = {cut.handle for _ in range(2) if (cut := Shelf(5).shown("a long text")[1])}
    assert len(handles) == 1


def test_the_text_not_read_for_longest_goes_first() -> None:
    shelf = Shelf(5, most_kept=25)
    handles = [cut.handle for sign in "abc" if (cut := shelf.shown(sign * 10)[1])]
    with pytest.raises(HandleUnknown, match="ask the question again"):
        shelf.part(handles[0], 0)
    assert shelf.part(handles[2], 5) == ("ccccc", None)


def test_an_offset_beyond_the_end_is_refused() -> None:
    shelf = Shelf(5)
    _, cut = shelf.shown("a long text")
    assert cut is not None
    with pytest.raises(HandleUnknown, match="none at 11"):
        shelf.part(cut.handle, 11)
