"""The attention backend itself: vLLM's classes, filled with our pages. Imported by vLLM alone."""

# mypy: disable-error-code="import-not-found, import-untyped, misc, no-any-return, unused-ignore"

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor
from vllm.v1.attention.backend import (
    AttentionBackend,
    AttentionCGSupport,
    AttentionImpl,
    AttentionMetadata,
    AttentionMetadataBuilder,
    AttentionType,
    CommonAttentionMetadata,
)
from vllm.v1.kv_cache_interface import AttentionSpec, KVCacheLayout

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.vllm_plugin.attend import PagedAttention
from repowright.inference_backend.vllm_plugin.pages import layer_pages, spec_of, token_bytes
from repowright.inference_backend.vllm_plugin.plan import StepPlan, plan_step
from repowright.inference_backend.vllm_plugin.tails import TailSlots

_DIMS = [64, 128, 256]
_SPARE = 2
"""Rows of the tails for each sequence that can run: ended ones leave theirs behind."""


class PagedBackend(AttentionBackend):
    """Quantised pages of 64 tokens, in the blocks of vLLM's cache."""

    supported_dtypes: ClassVar[list[torch.dtype]] = [torch.float16, torch.bfloat16]
    supported_kv_cache_dtypes: ClassVar[list[str]] = ["auto"]
    forward_includes_kv_cache_update: bool = True

    @staticmethod
    def get_name() -> str:
        """Return the name that vLLM registers it by."""
        return "CUSTOM"

    @staticmethod
    def get_impl_cls() -> type[PagedImpl]:
        """Return the class that computes."""
        return PagedImpl

    @staticmethod
    def get_builder_cls() -> type[PagedBuilder]:
        """Return the class that plans."""
        return PagedBuilder

    @staticmethod
    def get_supported_kernel_block_sizes(kv_cache_spec: Any = None) -> list[int]:
        """Return the tokens of a page."""
        return [PAGE]

    @classmethod
    def get_supported_head_sizes(cls) -> list[int]:
        """Return the channels that kernels take."""
        return _DIMS

    @classmethod
    def supported_kv_cache_layouts(cls) -> tuple[KVCacheLayout, ...]:
        """Return the one layout in which a layer's memory has no gaps."""
        return (KVCacheLayout.LBHNC,)

    @classmethod
    def customize_spec(cls, spec: AttentionSpec) -> AttentionSpec:
        """Say how many bytes a token takes."""
        if spec.state_content_bytes is not None:
            return spec
        return replace(spec, state_content_bytes=token_bytes(spec_of(), spec.head_size))

    @classmethod
    def supports_kv_connector(cls) -> bool:
        """No: a block's bytes lie in two places, so whoever moves blocks would move the wrong ones."""
        return False

    @classmethod
    def supports_attn_type(cls, attn_type: str) -> bool:
        """Decoders only."""
        return attn_type == AttentionType.DECODER


@dataclass
class PagedMetadata(AttentionMetadata):
    """A planned step, and how many rows the tails have."""

    plan: StepPlan
    slots: int


class PagedBuilder(AttentionMetadataBuilder[PagedMetadata]):
    """Plans steps; knows which block has which row of the tails."""

    _cudagraph_support: ClassVar[AttentionCGSupport] = AttentionCGSupport.NEVER

    def __init__(self, kv_cache_spec: Any, layer_names: list[str], vllm_config: Any, device: torch.device) -> None:
        super().__init__(kv_cache_spec, layer_names, vllm_config, device)
        self._tails = TailSlots(_SPARE * vllm_config.scheduler_config.max_num_seqs)

    def build(
        self, common_prefix_len: int, common_attn_metadata: CommonAttentionMetadata, fast_build: bool = False
    ) -> PagedMetadata:
        """Plan a step; copies two block numbers a sequence to the host."""
        step = common_attn_metadata
        lengths = step.seq_lens_cpu_upper_bound
        known = (step.seq_lens if lengths is None else lengths)[: step.num_reqs].tolist()
        starts = step.query_start_loc_cpu[: step.num_reqs + 1].tolist()
        table = step.block_table_tensor[: step.num_reqs]
        return PagedMetadata(plan_step(starts, known, table, self._tails), self._tails.count)


class PagedImpl(AttentionImpl[PagedMetadata]):
    """One layer."""

    def __init__(
        self,
        num_heads: int,
        head_size: int,
        scale: float,
        num_kv_heads: int | None = None,
        alibi_slopes: list[float] | None = None,
        sliding_window: int | None = None,
        kv_cache_dtype: str = "auto",
        logits_soft_cap: float | None = None,
        attn_type: str = AttentionType.DECODER,
        kv_sharing_target_layer_name: str | None = None,
        **others: Any,
    ) -> None:
        asked = {
            "alibi": alibi_slopes,
            "a sliding window": sliding_window,
            "capped logits": logits_soft_cap,
            "a cache shared between layers": kv_sharing_target_layer_name,
            **others,
        }
        if refused := [name for name, value in asked.items() if value is not None]:
            raise InferenceError(f"this attention backend does not know {refused[0]}", "take another backend")
        self.num_heads, self.head_size, self.scale = num_heads, head_size, scale
        self.num_kv_heads = num_kv_heads or num_heads
        self.kv_cache_dtype = kv_cache_dtype
        self._attention: PagedAttention | None = None

    def forward(
        self,
        layer: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        kv_cache: Tensor,
        attn_metadata: PagedMetadata | None,
        output: Tensor,
        output_scale: Tensor | None = None,
        output_block_scale: Tensor | None = None,
    ) -> Tensor:
        """Keep the new tokens and attend; without a plan, when vLLM only measures memory, return zeros."""
        if attn_metadata is None:
            return output.fill_(0)
        if self._attention is None:
            pages = layer_pages(kv_cache, spec_of(), self.num_kv_heads, self.head_size)
            self._attention = PagedAttention(pages, attn_metadata.slots, self.scale)
        heads = output.view(-1, self.num_heads, self.head_size)
        self._attention.attend(attn_metadata.plan, query, key, value, heads)
        return output
