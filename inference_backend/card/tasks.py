"""Texts in which something said long ago has to be said again: a needle in real code, and an agent's trace.

What stands between is held-out text of the standard library, so that nothing near the end gives the answer away.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.errors import InferenceError
from repowright.inference_backend.training.text import HELD_OUT, standard_texts

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_NAMES = ("harbour", "lantern", "meadow", "copper", "falcon", "orchard", "granite", "willow")
_WORDS = ("retry", "cache", "parser", "socket", "ledger", "worker", "signal", "bucket")


@dataclass(frozen=True)
class RecallTask:
    """A text and how it goes on.

    Parameters
    ----------
    kind
        ``needle`` or ``trace``.
    prompt
        Tokens, one more than a whole number of pages: the last is decoded.
    answer
        Tokens that follow.
    """

    kind: str
    prompt: tuple[int, ...]
    answer: tuple[int, ...]


def recall_tasks(tokeniser: PreTrainedTokenizerBase, length: int, count: int, seed: int = 0) -> list[RecallTask]:
    """Return as many needles as traces, what is asked for at depths spread over the text.

    Parameters
    ----------
    length
        Tokens of each text without its answer; whole pages.

    Raises
    ------
    InferenceError
        If the text is too short for what has to be said in it.
    """
    chance = random.Random(seed)
    found = []
    for number in range(count):
        depth = (number + 0.5) / count * 0.8 + 0.05
        source = standard_texts(HELD_OUT)[number % len(HELD_OUT)].splitlines(keepends=True)
        found.append(_filled(tokeniser, "needle", _needle(chance), source, depth, length))
        found.append(_filled(tokeniser, "trace", _trace(chance), source, depth, length))
    return found


@dataclass(frozen=True)
class _Frame:
    """What stands at the beginning, what is to be found again, what asks for it, and what it asks for."""

    opening: str
    said: str
    asking: str
    answer: str


def _needle(chance: random.Random) -> _Frame:
    name, number = chance.choice(_NAMES), chance.randrange(10_000_000, 100_000_000)
    said = f"# The access number of the {name} station is {number}.\n"
    return _Frame("", said, f"\n# The access number of the {name} station is", f" {number}.")


def _trace(chance: random.Random) -> _Frame:
    word, other = chance.sample(_WORDS, 2)
    line, value = chance.randrange(100, 1000), chance.randrange(1000, 10_000)
    said = f"<|im_start|>tool\nsrc/{other}/{word}_{line}.py:{value}: {word.upper()}_LIMIT<|im_end|>\n"
    asked_for = f'{{"name": "grep", "pattern": "{word.upper()}_LIMIT"}}'
    call = f"<|im_start|>assistant\n<tool_call>{asked_for}</tool_call><|im_end|>\n"
    opening = f"<|im_start|>user\nWhere is {word.upper()}_LIMIT set?<|im_end|>\n"
    asking = f"\n<|im_end|>\n<|im_start|>assistant\n{word.upper()}_LIMIT was found by grep in src/{other}/"
    return _Frame(opening, call + said, asking, f"{word}_{line}.py:{value}")


def _filled(
    tokeniser: PreTrainedTokenizerBase, kind: str, frame: _Frame, source: list[str], depth: float, length: int
) -> RecallTask:
    """Put a frame around as much code as makes the text one token more than ``length``."""
    if length % PAGE:
        raise InferenceError(f"{length} tokens are no whole number of pages", f"give a multiple of {PAGE}")
    opening, said = _tokens(tokeniser, frame.opening), _tokens(tokeniser, frame.said)
    asking, whole = _tokens(tokeniser, frame.asking), _tokens(tokeniser, frame.asking + frame.answer)
    room = length + 1 - len(opening) - len(said) - len(asking)
    code = _tokens(tokeniser, "".join(source))[: max(0, room)]
    if len(code) < room or room < PAGE:
        raise InferenceError(f"no text of {length} tokens can be made of the standard library", "give 512 to 8192")
    at = int(room * depth)
    prompt = [*opening, *code[:at], *_tokens(tokeniser, "\n"), *said, *code[at + 1 :], *asking]
    if whole[: len(asking)] != asking:
        raise InferenceError("the tokeniser joins the question with its answer", "take another model for this task")
    return RecallTask(kind, tuple(prompt), tuple(whole[len(asking) :]))


def _tokens(tokeniser: PreTrainedTokenizerBase, text: str) -> list[int]:
    encoded: Any = tokeniser(text, verbose=False, add_special_tokens=False)
    found: list[int] = encoded["input_ids"]
    return found
