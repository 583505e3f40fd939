from __future__ import annotations

from pathlib import Path

import pytest

from repowright.benchmarks.speed.chat_memory import GROWTH, MILLISECONDS_A_MESSAGE, measure


@pytest.mark.slow
async def test_memory_of_a_long_conversation_stays_flat(tmp_path: Path) -> None:
    cost = await measure(80, tmp_path, window=16_000)
    assert cost.compactions >= 3
    assert cost.growth < GROWTH
    # Twice the bound: the suite shares its machine; the script itself is held to the bound.
    assert cost.ms_a_message < 2 * MILLISECONDS_A_MESSAGE
