from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `local`")

import torch
from small_training import loaded_tiny

from repowright.inference_backend.card.readings import readings
from repowright.inference_backend.card.retrieval import Reading, heard_in, recalled
from repowright.inference_backend.card.tasks import RecallTask, recall_tasks
from repowright.inference_backend.config import PAGE, KVSpec, SparseSpec
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.models.loader import LoadedModel

LENGTH = 10 * PAGE


@pytest.fixture(scope="module")
def loaded() -> LoadedModel:
    torch.set_num_threads(1)
    return loaded_tiny()


@pytest.fixture(scope="module")
def tasks(loaded: LoadedModel) -> list[RecallTask]:
    return recall_tasks(loaded.tokeniser, LENGTH, 4)


def _text(loaded: LoadedModel, tokens: tuple[int, ...]) -> str:
    return str(loaded.tokeniser.decode(list(tokens)))


def test_answers_are_said_once_before_at_depths_spread_over_the_text(
    loaded: LoadedModel, tasks: list[RecallTask]
) -> None:
    places: dict[str, list[float]] = {"needle": [], "trace": []}
    for task in tasks:
        prompt, answer = _text(loaded, task.prompt), _text(loaded, task.answer)
        assert len(task.prompt) == LENGTH + 1 and prompt.count(answer) == 1
        places[task.kind].append(prompt.index(answer) / len(prompt))
    for found in places.values():
        assert len(found) == 4 and found == sorted(found) and found[-1] - found[0] > 0.25


def test_tasks_are_the_same_for_one_seed_and_others_for_another(loaded: LoadedModel, tasks: list[RecallTask]) -> None:
    assert recall_tasks(loaded.tokeniser, LENGTH, 4) == tasks
    assert recall_tasks(loaded.tokeniser, LENGTH, 4, seed=1) != tasks


@pytest.mark.parametrize("length", [100, PAGE])
def test_lengths_without_room_are_refused(loaded: LoadedModel, length: int) -> None:
    with pytest.raises(InferenceError):
        recall_tasks(loaded.tokeniser, length, 1)


def test_exact_cache_has_the_models_own_loss(loaded: LoadedModel, tasks: list[RecallTask]) -> None:
    task = tasks[0]
    found = recalled(loaded, task, heard_in(loaded, task.prompt[:-1]), Reading("", KVSpec(16, 16)))
    loaded.model.set_attn_implementation("sdpa")
    model: Any = loaded.model
    with torch.no_grad():
        logits = model(torch.tensor([[*task.prompt, *task.answer[:-1]]])).logits[0, -len(task.answer) :]
    own = torch.nn.functional.cross_entropy(logits, torch.tensor(task.answer), reduction="sum")
    assert found.loss == pytest.approx(float(own), rel=0.02)
    assert found.tokens == len(task.answer) and 0 <= found.right <= found.tokens


def test_far_tokens_matter_unless_they_are_dropped(loaded: LoadedModel, tasks: list[RecallTask]) -> None:
    task = tasks[1]
    heard = heard_in(loaded, task.prompt[:-1])
    blanked = [(query, keys, _blanked(values), scale) for query, keys, values, scale in heard]
    exact = KVSpec(16, 16)
    for spec, is_dropped in ((exact, False), (exact, True), (replace(exact, sparse=SparseSpec("quest", 256)), False)):
        reading = Reading("", spec, is_dropped)
        one, other = (recalled(loaded, task, each, reading).loss for each in (heard, blanked))
        assert (one == pytest.approx(other, rel=1e-6)) == is_dropped


def _blanked(values: torch.Tensor) -> torch.Tensor:
    found = values.clone()
    found[:, PAGE : LENGTH - 128] = 0.0
    return found


def test_rows_lay_bits_anchors_windows_and_selectors_side_by_side() -> None:
    rows = readings()
    assert len({row.name for row in rows}) == len(rows)
    assert {row.spec.sparse.selector for row in rows} == {"none", "quest", "gate"}
    assert {row.spec.window for row in rows} == {64, 128, 512}
    assert {2, 4, 8, 16} == {row.spec.k_bits for row in rows} and {0.0, 1.0, 0.375} == {
        row.spec.codebook for row in rows
    }
    assert sum(row.drops_far for row in rows) == 2
