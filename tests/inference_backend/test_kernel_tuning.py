from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from paged_cases import coded_case, paged_case

from repowright.inference_backend.kernels import dispatch, reference, reference_anchors, tuning
from repowright.inference_backend.kernels.triton.parts import parts_of
from repowright.inference_backend.kernels.tuning import Launch, decoding_key, default, launch


def test_a_table_is_read_as_it_was_written(tmp_path: Path) -> None:
    table = {"GPU 1": {decoding_key(4, 4, 128, 4): Launch(2, 2, 4, False, True), decoding_key(1, 1, 64, 1): Launch()}}
    tuning.write(tmp_path / "tune.json", table)
    assert tuning.read(tmp_path / "tune.json") == table
    assert tuning.read(tmp_path / "none.json") == {}


def test_the_table_that_ships_can_be_read() -> None:
    assert all(isinstance(each, Launch) for keys in tuning.read(tuning.TABLE).values() for each in keys.values())


def test_a_device_that_was_not_measured_gets_what_spills_nothing() -> None:
    assert launch(decoding_key(4, 4, 256, 4), "unknown", 256) == default(256) == Launch(warps=8, stages=2, blocks=1)
    assert launch("unknown", "unknown", 128) == Launch()
    assert not Launch().native


def test_keys_tell_rates_apart() -> None:
    assert decoding_key(0.375, 1.0, 64, 3) == "decode k0.375 v1 d64 g3"


def test_without_a_gpu_the_twins_compute() -> None:
    for case in (paged_case(4, 4, 64, 3, anchors=True), coded_case(1.0, 64, 3)):
        given = (case.query, case.pages, case.sequences, case.scale)
        output, lse = reference.decode(*given)
        assert torch.allclose(dispatch.decode(*given), output, atol=1e-4)
        assert torch.equal(dispatch.decode_with_lse(*given)[1], lse)
        scores = dispatch.bound_scores(case.query, case.pages, case.sequences.page_table, case.scale)
        assert scores.shape == (2, 6, 4)
    query, at = torch.randn(2, 9, 64), torch.arange(9).int()
    lse = dispatch.attention_lse(query, query, at, 0.125)
    scores = dispatch.anchor_scores(query, query, lse, at, 0.125)
    assert torch.equal(scores, reference_anchors.anchor_scores(query, query, lse, at, 0.125))


@pytest.mark.parametrize(("batch", "pages"), [(8, 2048), (1, 2048), (1, 20), (400, 64)])
def test_pages_are_cut_into_parts_that_are_resident_together(batch: int, pages: int) -> None:
    case = paged_case(4, 4, 64, 1, (8, 8))
    sequences = replace(case.sequences, page_table=torch.zeros(batch, pages, dtype=torch.int32))
    parts = parts_of(torch.empty(batch, 8, 64), case.pages, sequences, None, None, Launch(blocks=3))
    resident, programs = 3 * tuning.processors(), parts.splits * batch * 8
    assert parts.splits == 1 or programs <= resident
    assert parts.splits == pages or programs + batch * 8 > resident
    assert parts.out.shape == (parts.splits + 1, batch, 8, 64)
