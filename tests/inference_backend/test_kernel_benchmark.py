from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from repowright.benchmarks.kernels import results
from repowright.benchmarks.kernels.baselines import Baseline
from repowright.benchmarks.kernels.checking import Check, decoding
from repowright.benchmarks.kernels.made import bytes_read, made
from repowright.benchmarks.kernels.results import Results, Timed
from repowright.benchmarks.kernels.shapes import ASKED, HALF, WAYS, Shape
from repowright.benchmarks.kernels.tune import key_of
from repowright.inference_backend.config import PAGE, KVSpec


@pytest.mark.parametrize("name", ["int2 + 1% anchors", "vq 0.375 bits + 1% anchors", "int4, gate, 10% + estimate"])
def test_ways_are_checked_against_their_twins(name: str) -> None:
    way = next(each for each in WAYS if each.name == name)
    found = decoding(Shape(1, 192, 4, 2, 64), way, "cpu")
    assert found.passed and found.difference > 0


def test_without_a_gpu_the_tables_say_so(tmp_path: Path) -> None:
    results.write(Results(torch="2", triton="3"), tmp_path)
    text = (tmp_path / "kernels.md").read_text(encoding="utf-8")
    asked = [way for way in WAYS if way.floor]
    assert text.count(results.NOT_MEASURED) == 1 + len(asked) + sum(1 for way in asked if way.times)
    assert json.loads((tmp_path / "kernels.json").read_text(encoding="utf-8"))["timed"] == []


def test_a_missed_target_is_called_so() -> None:
    found = Results("GPU", copy_bandwidth=3e12, checks=[Check("merge", 0.5, 0.1), Check("write", 0.0, 0.0)])
    found.baselines[ASKED.name] = [Baseline("sdpa", 1600.0), Baseline("flex", None, "cannot")]
    found.timed = [
        Timed("fp16", ASKED.name, 1500.0, 1432.0, 0.95, 1.07),
        Timed("int4", ASKED.name, 900, 404, 0.45, 1.8),
    ]
    text = results.markdown(found)
    assert "1 of 2 checks" in text and "- FAILED merge: 0.5, allowed 0.1" in text
    assert "| fp16 | 85% | 95% |" in text and "| int4 | 80% | 45% (missed) |" in text
    assert "| sdpa | 1600.0 |" in text and "| flex | cannot |" in text


def test_bytes_are_those_that_must_be_read() -> None:
    case = made(Shape(2, 2 * PAGE, 4, 2, 64), HALF, "cpu", copies=1)
    window = 2 * 128 * 2 * 2 * 64 * 2
    pages = 2 * 2 * PAGE * 2 * 2 * 64 * 2
    assert bytes_read(case, 1.0, "all") == pages + window
    assert bytes_read(case, 0.5, "gate") == pages // 2 + window + 2 * 2 * 2 * 128 * 2


def test_small_caches_are_made_several_times_over_different_pages() -> None:
    case = made(Shape(1, 2 * PAGE, 2, 1, 64), KVSpec(anchors=0.01), "cpu", copies=3)
    tables = torch.cat([step.page_table.flatten() for step in case.steps])
    assert sorted(tables.tolist()) == list(range(6)) and len(case.steps) == 3
    assert case.pages.anchor_k is not None and case.pages.anchor_k.shape[0] == 3


def test_ways_are_tuned_by_what_their_kernels_look_up() -> None:
    names = {each.name: key_of(each, ASKED) for each in WAYS}
    assert names["int4"] == names["int4, gate, 10%"] == "decode k4 v4 d128 g4"
    assert names["vq 0.375 bits + 1% anchors"] == "decode k0.375 v0.375 d128 g4"
