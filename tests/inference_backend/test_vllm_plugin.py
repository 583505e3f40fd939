from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `local`")

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import PAGE, KVSpec
from repowright.inference_backend.errors import BackendMissing, InferenceError
from repowright.inference_backend.kernels import reference
from repowright.inference_backend.kernels.tensors import StepSequences
from repowright.inference_backend.kernels.triton import decode as kernel
from repowright.inference_backend.vllm_plugin.attend import PagedAttention
from repowright.inference_backend.vllm_plugin.pages import layer_pages, spec_of, token_bytes
from repowright.inference_backend.vllm_plugin.plan import plan_step
from repowright.inference_backend.vllm_plugin.register import BACKEND, check_version, register
from repowright.inference_backend.vllm_plugin.tails import TailSlots

HEADS, GROUP, DIM, BLOCKS = 2, 3, 64, 12
EXACT = KVSpec(k_bits=16, v_bits=16)
SCALE = DIM**-0.5


class Played:
    """Sequences with random queries, keys and values, taken in step by step as vLLM would ask."""

    def __init__(self, spec: KVSpec, tables: list[list[int]], slots: int = 8) -> None:
        torch.manual_seed(0)
        cache = torch.zeros(BLOCKS, HEADS, PAGE, token_bytes(spec, DIM) // 2, dtype=torch.bfloat16)
        self.attention = PagedAttention(layer_pages(cache, spec, HEADS, DIM), slots, SCALE)
        self.tails = TailSlots(slots)
        self.table = torch.tensor(tables, dtype=torch.int32)
        room = self.table.shape[1] * PAGE
        self.query = torch.randn(len(tables), room, HEADS * GROUP, DIM)
        self.keys, self.values = (torch.randn(len(tables), room, HEADS, DIM).half().float() for _ in range(2))
        self.lengths = [0] * len(tables)

    def step(self, counts: list[int]) -> Tensor:
        """Take in so many tokens of each; return how far the outputs are from attention over everything."""
        rows = [(number, at) for number, count in enumerate(counts) for at in self._new(number, count)]
        self.lengths = [length + count for length, count in zip(self.lengths, counts, strict=True)]
        starts = [sum(counts[:number]) for number in range(len(counts) + 1)]
        plan = plan_step(starts, self.lengths, self.table, self.tails)
        query, keys, values = (
            torch.stack([each[row] for row in rows]) for each in (self.query, self.keys, self.values)
        )
        output = torch.full_like(query, float("nan"))
        self.attention.attend(plan, query, keys, values, output)
        return (output - torch.stack([self._exact(*row) for row in rows])).abs().max()

    def _new(self, number: int, count: int) -> range:
        return range(self.lengths[number], self.lengths[number] + count)

    def _exact(self, number: int, at: int) -> Tensor:
        keys, values = (each[number, : at + 1].transpose(0, 1)[None] for each in (self.keys, self.values))
        query = self.query[number, at][None, :, None]
        return scaled_dot_product_attention(query, keys, values, scale=SCALE, enable_gqa=True)[0, :, 0]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def test_chunks_and_single_tokens_attend_to_all_before_them() -> None:
    played = Played(EXACT, [[0, 5, 2, 9], [7, 1, 3, 4]])
    for counts in ([100, 0], [30, 64], [1, 70], [60, 1], [1, 1], [1, 1], [0, 56], [1, 1], [1, 1]):
        assert played.step(counts) < 2e-3


def test_blocks_that_fill_one_token_at_a_time_are_read_back() -> None:
    played = Played(EXACT, [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]])
    played.step([62, 63, 64])
    for _ in range(70):
        assert played.step([1, 1, 1]) < 2e-3


def test_four_bits_are_near_and_two_bits_farther() -> None:
    def error(bits: KVSpec) -> float:
        played = Played(bits, [[0, 1, 2, 3]])
        played.step([192])
        return float(played.step([1]))

    four, two = error(KVSpec(k_bits=4, v_bits=4)), error(KVSpec(k_bits=2, v_bits=2))
    assert 2e-3 < four < 0.15 < two


def test_shared_blocks_are_read_by_who_did_not_write_them() -> None:
    played = Played(EXACT, [[0, 1, 2], [0, 1, 3]])
    for each in (played.query, played.keys, played.values):
        each[1, : 2 * PAGE] = each[0, : 2 * PAGE]
    played.step([2 * PAGE, 0])
    played.lengths[1] = 2 * PAGE
    assert played.step([1, 20]) < 2e-3


def test_drafts_that_were_refused_are_written_over() -> None:
    played = Played(EXACT, [[0, 1, 2]])
    played.step([62])
    right = played.keys.clone()
    played.keys[0, 62:] += 3
    played.step([4])
    played.keys, played.lengths = right, [63]
    # The first draft was right to be kept; what is kept is what was written.
    played.keys[0, 62] += 3
    for _ in range(4):
        assert played.step([1]) < 2e-3


def test_triton_reads_pages_and_tails_as_the_twin_does() -> None:
    played = Played(KVSpec(), [[0, 1, 2], [3, 4, 5]])
    played.step([150, 40])
    pages, tails = played.attention._pages, played.attention
    slots = torch.tensor([played.tails.find(2), played.tails.find(3)], dtype=torch.int32)
    counts, lengths = torch.tensor([2, 0], dtype=torch.int32), torch.tensor([22, 40], dtype=torch.int32)
    sequences = StepSequences(played.table, tails._keys, tails._values, slots, lengths, None, counts)
    query = played.query[:, 0]
    found, _ = kernel.decode(query, pages, sequences, SCALE)
    assert (found - reference.decode(query, pages, sequences, SCALE)[0]).abs().max() < 2e-2


def test_pages_fill_the_memory_that_was_asked_for() -> None:
    for spec, share in ((EXACT, 1.01), (KVSpec(), 0.3), (KVSpec(k_bits=2, v_bits=2), 0.18)):
        size = token_bytes(spec, 128)
        assert size % 2 == 0 and size <= share * 2 * 2 * 128 * 1.03 + 2
        pages = layer_pages(torch.zeros(5, 4, PAGE, size, dtype=torch.uint8), spec, 4, 128)
        assert pages.k_pool.shape[:2] == pages.v_pool.shape[:2] == (5, 4)
        assert pages.v_pool.data_ptr() == pages.k_pool.data_ptr() + pages.k_pool.nbytes


def test_memory_with_gaps_or_too_little_is_refused() -> None:
    size = token_bytes(KVSpec(), DIM)
    with pytest.raises(InferenceError, match="gaps"):
        layer_pages(torch.zeros(4, HEADS, PAGE, 2 * size, dtype=torch.uint8)[..., ::2], KVSpec(), HEADS, DIM)
    with pytest.raises(InferenceError, match="do not hold"):
        layer_pages(torch.zeros(4, HEADS, PAGE, size // 2, dtype=torch.uint8), KVSpec(), HEADS, DIM)


def test_environment_names_how_the_cache_is_kept() -> None:
    assert spec_of({}).k_bits == 4 and spec_of({"REPOWRIGHT_KV": "int2"}).anchors == 0
    with pytest.raises(InferenceError, match="vq1"):
        spec_of({"REPOWRIGHT_KV": "vq1"})


def test_tails_go_to_others_least_recently_used_first() -> None:
    tails = TailSlots(2)
    first, second = tails.open(10), tails.open(11)
    assert tails.find(10) == first != second
    assert tails.open(12) == second
    with pytest.raises(InferenceError, match="block 11"):
        tails.find(11)


def test_only_the_known_minor_version_is_accepted() -> None:
    check_version("0.33.2")
    with pytest.raises(InferenceError, match=r"0\.34\.0"):
        check_version("0.34.0")


def test_without_vllm_the_entry_point_says_so() -> None:
    if importlib.util.find_spec("vllm"):
        pytest.skip("vLLM is installed")
    with pytest.raises(BackendMissing, match="vLLM"):
        register()


def test_registered_name_is_a_class_of_this_package() -> None:
    module, _, name = BACKEND.rpartition(".")
    found = importlib.util.find_spec(module)
    assert found is not None and found.origin is not None
    assert f"class {name}(" in Path(found.origin).read_text(encoding="utf-8")
