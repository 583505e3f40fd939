from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.agent.llm import Backoff
from repowright.agent.llm.retry import asked_wait


@given(tried=st.integers(1, 60), chance=st.floats(0, 1, exclude_max=True))
def test_wait_stays_under_a_doubling_bound(tried: int, chance: float) -> None:
    wait = Backoff(chance=lambda: chance).wait(tried)
    assert 0 <= wait <= min(60.0, 2.0 ** (tried - 1))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_date(value: str, seconds: float | None) -> None:
    assert asked_wait({"retry-after": value}, now=10.0) == seconds
