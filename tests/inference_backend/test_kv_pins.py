from __future__ import annotations

from repowright.inference_backend.kv.pins import Pin, Pins
from repowright.inference_backend.kv.place import Place


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _pins() -> tuple[Pins, Clock, list[str]]:
    clock, freed = Clock(), list[str]()

    def free(pin: Pin) -> None:
        freed.append(pin.job)

    return Pins(clock, free), clock, freed


def test_turn_is_kept_for_its_time_and_not_longer() -> None:
    pins, clock, freed = _pins()
    pins.add("a", 0.0, Place(0), [1, 2], 5.0)
    clock.now = 5.0
    assert pins.expire() == [] and "a" in pins
    clock.now = 5.1
    assert pins.expire() == ["a"] and freed == ["a"]


def test_program_that_arrived_last_yields_first() -> None:
    pins, _, freed = _pins()
    pins.add("late", 7.0, Place(0), [1], 9.0)
    pins.add("early", 1.0, Place(1), [1], 9.0)
    assert pins.yield_latest() == "late"
    assert pins.yield_latest(keep="early") is None
    assert freed == ["late"] and pins.jobs == ("early",)


def test_taken_turn_is_not_freed() -> None:
    pins, clock, freed = _pins()
    pins.add("a", 0.0, Place(3), [1], 1.0)
    pin = pins.take("a")
    assert pin is not None and pin.place.slot == 3
    clock.now = 2.0
    assert pins.expire() == [] and freed == []


def test_second_turn_of_a_program_replaces_the_first() -> None:
    pins, _, freed = _pins()
    pins.add("a", 0.0, Place(0), [1], 1.0)
    pins.add("a", 0.0, Place(1), [1, 2], 1.0)
    assert len(pins) == 1 and freed == ["a"]


def test_time_is_counted_anew_from_when_the_tool_is_known() -> None:
    pins, clock, freed = _pins()
    pins.add("a", 0.0, Place(0), [1, 2, 3], 1.0)
    clock.now = 0.5
    pins.retime("a", lambda tokens: float(tokens))
    clock.now = 3.4
    assert pins.expire() == []
    pins.retime("a", lambda tokens: 0.0)
    assert freed == ["a"]
