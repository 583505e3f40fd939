"""What the cache has to know of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from repowright.inference_backend.errors import ModelUnusable

if TYPE_CHECKING:
    from transformers import PretrainedConfig

FAMILIES = {
    "llama": "Llama 3.x, SmolLM2, DeepSeek-R1 distills of Llama",
    "qwen2": "Qwen2.5, Qwen2.5-Coder, DeepSeek-R1 distills of Qwen",
    "qwen3": "Qwen3",
    "qwen3_moe": "Qwen3-Coder and other mixtures of experts",
    "gemma3_text": "Gemma 3",
}
"""Model types of transformers whose attention is known to be softmax over rotary keys and nothing else."""


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a model's attention.

    Parameters
    ----------
    sliding
        For each layer the tokens it looks back on, or 0 if it sees all.
    context
        Most tokens of a sequence.
    """

    layers: int
    q_heads: int
    kv_heads: int
    head_dim: int
    sliding: tuple[int, ...]
    context: int
    vocabulary: int

    @classmethod
    def of(cls, config: PretrainedConfig) -> ModelShape:
        """Read the sizes from a model's configuration.

        Raises
        ------
        ModelUnusable
            If the model is of a family whose attention the engine does not know.
        """
        if config.model_type not in FAMILIES:
            hint = f"known are {', '.join(sorted(FAMILIES))}"
            raise ModelUnusable(f"models of type {config.model_type} have another attention", hint)
        heads = int(config.num_attention_heads)
        layers = int(config.num_hidden_layers)
        return cls(
            layers=layers,
            q_heads=heads,
            kv_heads=int(getattr(config, "num_key_value_heads", None) or heads),
            head_dim=int(getattr(config, "head_dim", None) or config.hidden_size // heads),
            sliding=_sliding(config, layers),
            context=int(config.max_position_embeddings),
            vocabulary=int(config.vocab_size),
        )


def _sliding(config: PretrainedConfig, layers: int) -> tuple[int, ...]:
    window = getattr(config, "sliding_window", None) or 0
    kinds = getattr(config, "layer_types", None) or ["full_attention"] * layers
    return tuple(int(window) if kind == "sliding_attention" else 0 for kind in kinds)
