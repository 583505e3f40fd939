"""Models behind a real server on loopback: tiny ones of random weights, and ones that say what they are told."""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
import uvicorn
from tiny_models import tiny_model
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

from repowright.inference_backend.config import KVSpec
from repowright.inference_backend.engine.core import EngineCore
from repowright.inference_backend.engine.engine import Engine
from repowright.inference_backend.engine.request import SampledToken
from repowright.inference_backend.engine.runner import Runner
from repowright.inference_backend.engine.sequence import Sequence
from repowright.inference_backend.engine.settings import EngineSettings
from repowright.inference_backend.kv.pool import KVPool
from repowright.inference_backend.models.shape import ModelShape
from repowright.inference_backend.server.app import build_app
from repowright.inference_backend.server.prompts import Prompts
from repowright.inference_backend.server.served import Served
from repowright.inference_backend.structured import Grammars

EXACT = KVSpec(k_bits=16, v_bits=16, window=64)
MODELS = Path(tempfile.gettempdir()) / "repowright-tests" / "repowright" / "models"
"""Where the small model is kept once it was converted, from one test run to the next."""

_SPECIAL = ["<|im_start|>", "<|im_end|>"]
_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
TEMPLATES = {
    "plain": _TEMPLATE,
    "hermes": "{% if tools %}<tool_call>{{ tools | tojson }}{% endif %}" + _TEMPLATE,
    "llama": "{% if tools %}<|python_tag|>{{ tools | tojson }}{% endif %}" + _TEMPLATE,
    "coder": "{% if tools %}<tool_call><function={{ tools | tojson }}{% endif %}" + _TEMPLATE,
}
"""By the way a model writes calls; ``plain`` knows no tools."""

_SAY = re.compile(r"<say>(.*?)</say>", re.DOTALL)


def byte_tokeniser(template: str = "plain") -> PreTrainedTokenizerBase:
    """Return a tokeniser whose tokens are bytes, with chat templates that say how calls are written."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(_SPECIAL)
    make: Any = PreTrainedTokenizerFast
    made: PreTrainedTokenizerBase = make(tokenizer_object=tokenizer, eos_token=_SPECIAL[1])
    made.chat_template = TEMPLATES[template]
    return made


class Parrot(EngineCore):
    """Says what the last ``<say>`` of its prompt asks for; its model computes all the same, but is not heard."""

    words: PreTrainedTokenizerBase

    def _choose(self, sequence: Sequence, logits: Tensor, drafts: list[int]) -> list[SampledToken]:
        told = _SAY.findall(str(self.words.decode(list(sequence.request.prompt))))
        wanted = self.words(told[-1] if told else "nothing was asked for")["input_ids"]
        script = [*wanted, *self._end_tokens]
        logits = torch.full_like(logits, -50.0)
        # Where it may not say what it wants, it closes what is open.
        logits[0, self.words('<"}]')["input_ids"]] = torch.tensor([-40.0, -40.0, -39.0, -39.0])
        logits[0, script[min(sequence.generated, len(script) - 1)]] = 50.0
        return super()._choose(sequence, logits, drafts)


def tiny_weights(vocabulary: int) -> PreTrainedModel:
    """Return the model that `tiny_served` serves."""
    return tiny_model(
        "llama", vocab_size=vocabulary, hidden_size=32, num_hidden_layers=1, max_position_embeddings=32768
    )


def tiny_served(template: str = "plain", says: bool = False, **sizes: Any) -> Served:
    """Return a tiny model that is ready to be served.

    Parameters
    ----------
    says
        It says what it is told rather than what its weights come to.
    sizes
        Of the engine.
    """
    torch.set_num_threads(1)
    tokeniser = byte_tokeniser(template)
    count = len(tokeniser)
    model = tiny_weights(count)
    wanted = EngineSettings(**{"pages": 600, "running": 16, "pinned": 4, **sizes})
    pool = KVPool(ModelShape.of(model.config), EXACT, wanted.pages, wanted.running + wanted.pinned)
    ends = frozenset({int(tokeniser.eos_token_id)})
    core = (Parrot if says else EngineCore)(Runner(model, pool), tokeniser, wanted, time.monotonic, ends, "tiny")
    if isinstance(core, Parrot):
        core.words = tokeniser
    return Served("tiny", Engine(core), Prompts(tokeniser), Grammars(tokeniser, count, ends), ends, "0123456789abcdef")


def tiny_folder(folder: Path) -> Path:
    """Write the tiny model into a folder, as transformers keeps models; its answers are short."""
    tokeniser = byte_tokeniser()
    model: Any = tiny_weights(len(tokeniser))
    model.lm_head.weight.data[int(tokeniser.eos_token_id)] *= 4
    model.save_pretrained(folder)
    tokeniser.save_pretrained(folder)
    return folder


@dataclass(frozen=True)
class Running:
    """A server that runs in a thread."""

    served: Served
    port: int

    @property
    def url(self) -> str:
        """Its base address for clients."""
        return f"http://127.0.0.1:{self.port}/v1"


@contextmanager
def running(served: Served, key: str = "", hosts: frozenset[str] = frozenset(), **changed: Any) -> Iterator[Running]:
    """Serve on a free port of loopback while the block runs."""
    import socket

    served = replace(served, **changed)
    listening = socket.create_server(("127.0.0.1", 0), backlog=256)
    config = uvicorn.Config(build_app(served, key, hosts), log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="server")
    with served:
        thread.start()
        try:
            yield Running(served, listening.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            listening.close()
