"""Small models of random weights, one of each family the engine knows: their answers mean nothing, but are theirs."""

from __future__ import annotations

from typing import Any

import torch
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedModel,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
    Qwen3MoeConfig,
    Qwen3MoeForCausalLM,
)

VOCABULARY = 97

_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 2048,
    "tie_word_embeddings": False,
    "initializer_range": 0.2,
    "bos_token_id": None,
    "eos_token_id": None,
    "pad_token_id": 0,
}


def tiny_model(family: str, seed: int = 0, **changed: Any) -> PreTrainedModel:
    """Return a model of a family named as transformers names it."""
    torch.manual_seed(seed)
    sizes = {**_SIZES, **changed}
    model: PreTrainedModel
    if family == "llama":
        model = LlamaForCausalLM(LlamaConfig(**sizes))
    elif family == "qwen2":
        model = Qwen2ForCausalLM(Qwen2Config(**sizes))
    elif family == "qwen3":
        model = Qwen3ForCausalLM(Qwen3Config(**sizes))
    elif family == "qwen3_moe":
        experts: dict[str, Any] = {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
        model = Qwen3MoeForCausalLM(Qwen3MoeConfig(**sizes, **experts))
    else:
        kinds = ["sliding_attention", "full_attention", "sliding_attention"]
        model = Gemma3ForCausalLM(Gemma3TextConfig(**sizes, sliding_window=32, layer_types=kinds))
    model.train(False)
    return model


def own_answer(model: PreTrainedModel, prompt: list[int], count: int) -> list[int]:
    """Return the likeliest continuation by transformers' own loop and cache."""
    ids = torch.tensor([prompt])
    model.set_attn_implementation("sdpa")
    with torch.no_grad():
        generate: Any = model.generate
        found = generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=count, min_new_tokens=count, do_sample=False
        )
    return [int(token) for token in found[0, len(prompt) :]]


def prompt_of(length: int, seed: int = 0) -> list[int]:
    """Return random tokens."""
    generator = torch.Generator().manual_seed(seed)
    return [int(token) for token in torch.randint(1, VOCABULARY, (length,), generator=generator)]
