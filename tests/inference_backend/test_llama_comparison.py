from __future__ import annotations

from repowright.benchmarks.inference.llama_cpp import OURS, THEIRS, Measured, table


def test_ratios_are_over_llama_cpp() -> None:
    ways = [Measured(way, 300.0, 12.0, 250.0, 1100.0, 1500.0) for way in OURS]
    lines = table([*ways, Measured(THEIRS, 200.0, 96.0, 125.0, 750.0, 760.0)])
    assert len(lines) == 2 + len(OURS) + 1
    assert "| 300.0 (1.50x) | 12.0 (0.12x) | 250.0 (2.00x) | 1100 MB | 1500 MB |" in lines[2]
    assert lines[-1].count("(1.00x)") == 3
