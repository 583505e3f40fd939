from repowright.tui.app.live_text import LONGEST_TAIL, PIECE, LiveText

PARAGRAPH = "Some words that say something. " * 8 + "\n\n"


def written(text: str, size: int = 20) -> tuple[list[str], LiveText]:
    live, pieces = LiveText(), []
    for start in range(0, len(text), size):
        live.append(text[start : start + size])
        pieces += live.settle()
    return pieces, live


def test_short_text_stays_in_the_tail() -> None:
    pieces, live = written(PARAGRAPH)
    assert pieces == [] and live.tail == PARAGRAPH


def test_nothing_is_lost_or_said_twice() -> None:
    text = PARAGRAPH * 40
    pieces, live = written(text)
    assert "".join(pieces) + live.tail == text == live.whole
    assert len(live.tail) < 2 * PIECE and len(pieces) > 3


def test_a_piece_ends_between_blocks() -> None:
    pieces, _ = written(PARAGRAPH * 40)
    assert all(piece.endswith("\n\n") for piece in pieces)


def test_a_short_code_block_is_never_cut() -> None:
    block = "```python\n" + "x = 1\n\n" * 100 + "```\n\n"
    pieces, _ = written((PARAGRAPH + block) * 10)
    assert all(piece.count("```") % 2 == 0 for piece in pieces)


def test_a_long_code_block_is_closed_and_opened_again() -> None:
    body = [f"line {number} = {number}" for number in range(1_000)]
    pieces, live = written("```python\n" + "\n".join(body) + "\n")
    shown = [*pieces, live.tail]
    assert all(piece.startswith("```python\n") for piece in shown)
    assert all(piece.endswith("```\n") for piece in pieces)
    lines = [line for piece in shown for line in piece.splitlines() if not line.startswith("```")]
    assert lines == body
    assert len(live.tail) <= LONGEST_TAIL + 100
