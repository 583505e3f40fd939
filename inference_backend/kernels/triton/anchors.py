"""Anchor scores without the matrix of attention (AnTKV, section 3): one program holds 64 keys and walks the queries.

The first pass of attention leaves a sum a query, with which each weight is computed anew and added up in registers.
"""

# mypy: disable-error-code="import-untyped, no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from repowright.inference_backend.kernels.reference_anchors import AnchorForm

_TILE = 64
_FORMS: dict[AnchorForm, int] = {"mass": 0, "query": 1, "exact": 2}


def attention_lse(query: Tensor, keys: Tensor, positions: Tensor, scale: float) -> Tensor:
    """Return the logarithm of each query's sum; see `reference_anchors.attention_lse`."""
    query, keys = _rows(query), _rows(keys)
    heads, count, dim = query.shape
    lse = torch.empty(heads, count, dtype=torch.float32, device=query.device)
    _lse_kernel[(triton.cdiv(count, _TILE), heads)](
        query,
        keys,
        positions,
        lse,
        scale,
        count,
        keys.shape[1],
        *query.stride()[:2],
        *keys.stride()[:2],
        heads // keys.shape[0],
        DIM=dim,
    )
    return lse


def anchor_scores(
    query: Tensor,
    keys: Tensor,
    lse: Tensor,
    positions: Tensor,
    scale: float,
    form: AnchorForm = "query",
    values: Tensor | None = None,
    output: Tensor | None = None,
) -> Tensor:
    """Score every key of a sequence; see `reference_anchors.anchor_scores`."""
    if form == "exact" and (values is None or output is None):
        raise ValueError("the exact anchor score needs values and outputs; pass them or take the form 'query'")
    query, keys = _rows(query), _rows(keys)
    values, output = _rows(keys if values is None else values), _rows(query if output is None else output)
    heads, count, dim = query.shape
    scores = torch.empty(keys.shape[:2], dtype=torch.float32, device=query.device)
    _score_kernel[(triton.cdiv(keys.shape[1], _TILE), keys.shape[0])](
        query,
        keys,
        values,
        output,
        lse.contiguous(),
        positions,
        scores,
        scale,
        count,
        keys.shape[1],
        *query.stride()[:2],
        *keys.stride()[:2],
        *values.stride()[:2],
        *output.stride()[:2],
        heads // keys.shape[0],
        heads // values.shape[0],
        DIM=dim,
        DIM_V=values.shape[-1],
        FORM=_FORMS[form],
        num_warps=8 if form == "exact" else 4,
    )
    return scores


def _rows(tensor: Tensor) -> Tensor:
    return tensor if tensor.stride(-1) == 1 else tensor.contiguous()


@triton.jit
def _lse_kernel(
    q_ptr,
    k_ptr,
    at_ptr,
    lse_ptr,
    scale,
    count,
    keys_count,
    q_head,
    q_token,
    k_head,
    k_token,
    group,
    DIM: tl.constexpr,
):
    head = tl.program_id(1)
    places, channels = tl.program_id(0) * 64 + tl.arange(0, 64), tl.arange(0, DIM)
    kept = places < count
    at = tl.load(at_ptr + places, mask=kept, other=-1)
    query = tl.load(
        q_ptr + head * q_head + places[:, None] * q_token + channels[None, :], mask=kept[:, None], other=0.0
    )
    k_base = k_ptr + (head // group).to(tl.int64) * k_head
    most = tl.full([64], float("-inf"), tl.float32)
    total = tl.zeros([64], tl.float32)
    for begin in range(0, tl.minimum(tl.max(at, 0) + 1, keys_count), 64):
        tokens = begin + tl.arange(0, 64)
        keys = tl.load(
            k_base + tokens[:, None] * k_token + channels[None, :], mask=(tokens < keys_count)[:, None], other=0.0
        )
        scores = tl.dot(query, tl.trans(keys)) * scale
        seen = (tokens[None, :] <= at[:, None]) & (tokens < keys_count)[None, :]
        scores = tl.where(seen, scores, float("-inf"))
        higher = tl.maximum(most, tl.max(scores, 1))
        base = tl.where(higher == float("-inf"), 0.0, higher)
        total = total * tl.exp(most - base) + tl.sum(tl.exp(scores - base[:, None]), 1)
        most = higher
    lse = most + tl.log(tl.where(total == 0.0, 1.0, total))
    tl.store(lse_ptr + head * count + places, lse, mask=kept)


@triton.jit
def _score_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    o_ptr,
    lse_ptr,
    at_ptr,
    out_ptr,
    scale,
    count,
    keys_count,
    q_head,
    q_token,
    k_head,
    k_token,
    v_head,
    v_token,
    o_head,
    o_token,
    group,
    v_group,
    DIM: tl.constexpr,
    DIM_V: tl.constexpr,
    FORM: tl.constexpr,
):
    of_keys, begin = tl.program_id(1), tl.program_id(0) * 64
    tokens, channels = begin + tl.arange(0, 64), tl.arange(0, DIM)
    there = tokens < keys_count
    k_base = k_ptr + of_keys.to(tl.int64) * k_head
    keys = tl.load(k_base + tokens[:, None] * k_token + channels[None, :], mask=there[:, None], other=0.0)
    found = tl.zeros([64], tl.float32)
    for head in range(of_keys * group, of_keys * group + group):
        q_base, o_base = q_ptr + head * q_head, o_ptr + head * o_head
        v_base = v_ptr + (head // v_group) * v_head
        for first in range(0, count, 64):
            places = first + tl.arange(0, 64)
            kept = places < count
            at = tl.load(at_ptr + places, mask=kept, other=-1)
            # Queries before the tile's first key see none of it.
            if tl.max(at, 0) >= begin:
                query = tl.load(q_base + places[:, None] * q_token + channels[None, :], mask=kept[:, None], other=0.0)
                lse = tl.load(lse_ptr + head * count + places, mask=kept, other=float("inf"))
                scores = tl.dot(query, tl.trans(keys)) * scale
                scores = tl.where(tokens[None, :] <= at[:, None], scores, float("-inf"))
                weights = tl.exp(scores - lse[:, None])
                if FORM > 0:
                    wide = query.to(tl.float32)
                    weights *= tl.sqrt(tl.sum(wide * wide, 1))[:, None]
                if FORM == 2:
                    apart = tl.zeros([64, 64], tl.float32)
                    for channel in range(0, DIM_V):
                        one = tl.load(o_base + places * o_token + channel, mask=kept, other=0.0).to(tl.float32)
                        other = tl.load(v_base + tokens * v_token + channel, mask=there, other=0.0).to(tl.float32)
                        apart += tl.abs(one[:, None] - other[None, :])
                    weights *= apart
                found += tl.sum(weights, 0)
    tl.store(out_ptr + of_keys * keys_count + tokens, found, mask=there)
