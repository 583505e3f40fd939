from __future__ import annotations

import pytest

from repowright.inference_backend.llama_engine.slots import Slot, Slots


class Cells:
    """What each sequence holds, as llama.cpp would: places it was not told to forget."""

    def __init__(self) -> None:
        self.lengths: dict[int, int] = {}

    def cut(self, sequence: int, length: int) -> None:
        self.lengths[sequence] = min(self.lengths.get(sequence, 0), length)

    def share(self, source: int, target: int, length: int) -> None:
        assert not self.lengths.get(target) and self.lengths[source] >= length
        self.lengths[target] = length

    def clear(self) -> None:
        self.lengths.clear()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cells() -> Cells:
    return Cells()


@pytest.fixture
def slots(cells: Cells, clock: Clock) -> Slots:
    return Slots(cells, 3, 100, clock)


def _run(slots: Slots, cells: Cells, tokens: list[int], job: str = "") -> tuple[Slot, int]:
    """Take a text in; return where, and how much of it was known."""
    slot = slots.take(tokens, job)
    known = len(slot.tokens)
    slots.add(slot, tokens[known:])
    cells.lengths[slot.number] = len(tokens)
    return slot, known


def test_text_goes_on_where_the_one_before_ended(slots: Slots, cells: Cells) -> None:
    first, known = _run(slots, cells, [1, 2, 3])
    assert known == 0
    slots.release(first)
    second, known = _run(slots, cells, [1, 2, 3, 4])
    assert (second, known, slots.used) == (first, 3, 4)


def test_last_token_is_computed_though_it_is_known(slots: Slots, cells: Cells) -> None:
    first, _ = _run(slots, cells, [1, 2, 3])
    slots.release(first)
    slot = slots.take([1, 2, 3], "")
    assert slot.tokens == [1, 2] and cells.lengths[slot.number] == 2


def test_prefix_of_a_running_text_is_shared_and_lies_there_once(slots: Slots, cells: Cells) -> None:
    first, _ = _run(slots, cells, [1, 2, 3, 4])
    second, known = _run(slots, cells, [1, 2, 3, 9, 9])
    assert second is not first and known == 3
    assert (slots.used, slots.held) == (6, 6)
    slots.forget(first)
    assert (slots.used, second.tokens) == (5, [1, 2, 3, 9, 9])


def test_other_texts_are_kept_until_a_sequence_or_room_is_needed(slots: Slots, cells: Cells) -> None:
    for begin in (1, 2, 3):
        slots.release(_run(slots, cells, [begin] * 30)[0])
    assert (slots.used, slots.held, slots.free) == (90, 0, 10)
    assert slots.make_room(10) and slots.used == 90
    assert slots.make_room(11) and slots.used == 60
    assert _run(slots, cells, [2] * 31)[1] == 30
    assert not slots.make_room(70)
    assert slots.used == 31


def test_turn_of_a_program_outlives_later_texts_up_to_its_time(slots: Slots, cells: Cells, clock: Clock) -> None:
    slots.release(_run(slots, cells, [1] * 10)[0], "job", 5.0)
    for begin in (2, 3, 4, 5):
        slots.release(_run(slots, cells, [begin] * 10)[0])
    assert len(slots.pins) == 1
    assert _run(slots, cells, [1] * 12, "job")[1] == 10
    assert not slots.pins


def test_turn_past_its_time_is_like_any_other(slots: Slots, cells: Cells, clock: Clock) -> None:
    slots.release(_run(slots, cells, [1] * 10)[0], "job", 5.0)
    clock.now = 6.0
    for begin in (2, 3, 4):
        slots.release(_run(slots, cells, [begin] * 10)[0])
    assert not slots.pins and _run(slots, cells, [1] * 12, "job")[1] == 0


def test_program_that_called_a_tool_is_kept_longer_and_one_that_ended_no_longer(
    slots: Slots, cells: Cells, clock: Clock
) -> None:
    slots.release(_run(slots, cells, [1] * 10)[0], "one", 5.0)
    slots.release(_run(slots, cells, [2] * 10)[0], "two", 5.0)
    slots.retime("one", lambda tokens: float(tokens))
    clock.now = 8.0
    assert [slot.job for slot in slots.pins] == ["one"]
    slots.unpin("one")
    assert not slots.pins


def test_turn_of_a_program_whose_text_changed_is_cut_back(slots: Slots, cells: Cells) -> None:
    first, _ = _run(slots, cells, [1, 2, 3, 4])
    slots.release(first, "job", 5.0)
    second = slots.take([1, 2, 7, 8], "job")
    assert second is first and second.tokens == [1, 2] and cells.lengths[first.number] == 2


def test_everything_is_forgotten_at_once(slots: Slots, cells: Cells) -> None:
    slots.release(_run(slots, cells, [1] * 10)[0], "job", 5.0)
    _run(slots, cells, [2] * 10)
    slots.forget_all()
    assert (slots.used, slots.held, slots.free, slots.pins, cells.lengths) == (0, 0, 100, [], {})
