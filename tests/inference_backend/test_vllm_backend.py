# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return, unused-ignore"

from __future__ import annotations

import inspect
from typing import Any

import pytest

pytest.importorskip("vllm", reason="needs vLLM, of the minor version that is supported")

import torch
from torch.nn.functional import scaled_dot_product_attention

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.vllm_plugin.backend import PagedBackend, PagedBuilder, PagedImpl
from repowright.inference_backend.vllm_plugin.register import BACKEND, register

HEADS, GROUP, DIM, BLOCKS = 2, 2, 64, 6


def test_plugin_stands_behind_the_name_custom() -> None:
    from vllm.v1.attention.backends.registry import AttentionBackendEnum

    register()
    assert AttentionBackendEnum.CUSTOM.get_path() == BACKEND
    assert AttentionBackendEnum.CUSTOM.get_class() is PagedBackend


@pytest.mark.parametrize("own", [PagedBackend, PagedImpl, PagedBuilder], ids=lambda each: each.__name__)
def test_every_method_takes_what_vllm_gives(own: Any) -> None:
    assert not inspect.isabstract(own)
    base = own.__mro__[1]
    for name, method in vars(base).items():
        if not callable(getattr(own, name)) or name not in vars(own) or name == "__new__":
            continue
        theirs, ours = (inspect.signature(getattr(each, name)).parameters for each in (base, own))
        assert [each for each in ours if each != "others"] == list(theirs), (name, method)


def test_configuration_of_a_common_model_is_accepted() -> None:
    from vllm.platforms.interface import DeviceCapability

    refused = PagedBackend.validate_configuration(
        head_size=128,
        dtype=torch.bfloat16,
        kv_cache_dtype="auto",
        block_size=64,
        use_mla=False,
        has_sink=False,
        use_sparse=False,
        use_mm_prefix=False,
        use_per_head_quant_scales=False,
        device_capability=DeviceCapability(9, 0),
        attn_type="decoder",
    )
    assert refused == []


def test_steps_run_in_the_memory_that_vllm_lays_out() -> None:
    from vllm.v1.attention.backend import CommonAttentionMetadata
    from vllm.v1.kv_cache_interface import FullAttentionSpec

    torch.manual_seed(0)
    plain = FullAttentionSpec(block_size=PAGE, num_kv_heads=HEADS, head_size=DIM, dtype=torch.bfloat16)
    spec = PagedBackend.customize_spec(plain)
    assert spec.page_size_bytes < 0.34 * plain.page_size_bytes
    raw = torch.zeros(BLOCKS * spec.page_size_bytes, dtype=torch.uint8)
    cache = raw.view(BLOCKS, HEADS, PAGE, spec.state_content_size_bytes).view(torch.bfloat16)

    class Scheduling:
        max_num_seqs = 2

    class Config:
        scheduler_config = Scheduling()

    builder = PagedBuilder(spec, ["layer"], Config(), torch.device("cpu"))
    # vLLM's own constructor asks its process groups, which only an engine has.
    impl = object.__new__(PagedImpl)
    impl.__init__(HEADS * GROUP, DIM, DIM**-0.5, HEADS)
    query, keys, values = (torch.randn(131, heads, DIM) for heads in (HEADS * GROUP, HEADS, HEADS))
    output = torch.empty(131, HEADS * GROUP, DIM)
    assert not impl.forward(None, query, keys, values, cache, None, output).any()
    for begin, end in ((0, 130), (130, 131)):
        starts = torch.tensor([0, end - begin], dtype=torch.int32)
        step = CommonAttentionMetadata(
            query_start_loc=starts,
            query_start_loc_cpu=starts,
            seq_lens=torch.tensor([end]),
            num_reqs=1,
            num_actual_tokens=end - begin,
            max_query_len=end - begin,
            max_seq_len=end,
            block_table_tensor=torch.tensor([[4, 0, 2]], dtype=torch.int32),
            slot_mapping=torch.arange(begin, end),
        )
        rows = slice(begin, end)
        plan = builder.build(0, step)
        impl.forward(None, query[rows], keys[rows], values[rows], cache, plan, output[rows])
    asked, all_keys, all_values = (each.transpose(0, 1)[None] for each in (query[130:], keys, values))
    exact = scaled_dot_product_attention(asked, all_keys, all_values, enable_gqa=True)[0, :, 0]
    assert (output[130] - exact).abs().max() < 0.2
