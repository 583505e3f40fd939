from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from repowright.executors.turns import Turns


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def served(turns: Turns, asking: list[str]) -> list[str]:
    """Who is served in which order, when all ask while the only turn is taken."""
    order: list[str] = []

    def one(name: str) -> None:
        with turns.turn(name[0]):
            order.append(name)

    threads = [threading.Thread(target=one, args=(name,)) for name in asking]
    with turns.turn("first"):
        for number, thread in enumerate(threads, 1):
            thread.start()
            wait_for(lambda number=number: turns.waiting() == number)  # type: ignore[misc]
    for thread in threads:
        thread.join(10)
    return order


def test_who_waits_in_a_domain_is_served_first_come_first_served() -> None:
    assert served(Turns(1), ["a1", "a2", "a3"]) == ["a1", "a2", "a3"]


def test_domains_take_turns_however_many_wait_in_one() -> None:
    assert served(Turns(1), ["a1", "a2", "a3", "a4", "b1", "c1", "b2"]) == ["a1", "b1", "c1", "a2", "b2", "a3", "a4"]


def test_no_more_than_allowed_run_at_once_and_all_are_served() -> None:
    turns, guard = Turns(3), threading.Lock()
    running, most, done = 0, 0, 0

    def one(domain: str) -> None:
        nonlocal running, most, done
        with turns.turn(domain):
            with guard:
                running += 1
                most = max(most, running)
            time.sleep(0.002)
            with guard:
                running -= 1
                done += 1

    threads = [threading.Thread(target=one, args=(str(number % 5),)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert (done, most, turns.waiting()) == (60, 3, 0)


def test_a_turn_is_passed_on_when_a_command_fails() -> None:
    turns = Turns(1)
    with pytest.raises(KeyError), turns.turn("a"):
        raise KeyError
    assert served(turns, ["a1"]) == ["a1"]


def test_one_turn_is_the_least() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Turns(0)
