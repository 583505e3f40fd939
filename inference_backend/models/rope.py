"""The regime of a model's rotary embedding, pinned: keys rotated in one way cannot be read in another.

LongRoPE (arXiv 2402.13753) has one set of factors for short texts and one for long ones. A model of transformers
switches between them when a text outgrows the length it was trained on first, which would make every cached key
wrong. The engine therefore decides once, by the longest text it is to hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def pin_regime(model: PreTrainedModel, longest: int) -> str:
    """Fix which factors rotate queries and keys; return a name of the regime.

    Parameters
    ----------
    longest
        Tokens of the longest text that the cache will hold.
    """
    names = sorted({_pin(module, longest) for module in model.modules() if _kind(module) == "longrope"})
    return "+".join(names) or "plain"


def _kind(module: nn.Module) -> str:
    return str(getattr(module, "rope_type", ""))


def _pin(module: Any, longest: int) -> str:
    from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

    config = module.config
    trained = int(config.rope_parameters["original_max_position_embeddings"])
    frequencies, scaling = ROPE_INIT_FUNCTIONS["longrope"](config, module.inv_freq.device, seq_len=longest)
    module.register_buffer("inv_freq", frequencies, persistent=False)
    module.attention_scaling = scaling
    module.rope_type = "default"
    return "long" if longest > trained else "short"
