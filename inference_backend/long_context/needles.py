"""The loss that guides the search: how surely a model says a number again that it read long before (LongRoPE2).

Only the tokens of the answer count, because most tokens of a text can be told from the words beside them. What lies
between is not computed: positions are skipped (PoSE, arXiv 2309.10400), so that a text of a few hundred tokens asks
over the distance of a long one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Encode = Callable[[str], list[int]]


@dataclass(frozen=True)
class Needle:
    """One text.

    Parameters
    ----------
    tokens
        Filling, the number, filling, the question and the answer.
    after
        Place of the first token behind the number: what follows lies farther away by a distance.
    answer
        Tokens of the answer, at the end.
    """

    tokens: tuple[int, ...]
    after: int
    answer: int


def needles(encode: Encode, filling: Sequence[int], count: int, tokens: int, seed: int = 0) -> list[Needle]:
    """Return texts of about so many tokens, each with a number of its own, and others beside it that are not asked for.

    Parameters
    ----------
    filling
        Tokens of some text.
    """
    random = Random(seed)
    found = []
    for _ in range(count):
        names = random.sample(("falcon", "harbor", "velvet", "copper", "meadow", "lantern"), 3)
        numbers = {name: str(random.randint(10_000, 99_999)) for name in names}
        facts = encode("".join(f"\nThe secret code of {name} is {number}.\n" for name, number in numbers.items()))
        asked = random.choice(names)
        question, answer = encode(f"\nThe secret code of {asked} is"), encode(f" {numbers[asked]}")
        room = max(2, tokens - len(facts) - len(question) - len(answer)) // 2
        at = random.randrange(len(filling) - 2 * room)
        first, second = filling[at : at + room], filling[at + room : at + 2 * room]
        text = (*first, *facts, *second, *question, *answer)
        found.append(Needle(text, len(first) + len(facts), len(answer)))
    return found


@torch.inference_mode()
def needle_loss(model: PreTrainedModel, asked: Sequence[Needle], distances: Sequence[int]) -> float:
    """Return the mean negative logarithm of the probability of the answers' tokens.

    Parameters
    ----------
    distances
        Positions skipped behind the numbers, each asked for each text.
    """
    losses = []
    for needle in asked:
        ids = torch.tensor([needle.tokens] * len(distances), device=model.device)
        places = torch.arange(len(needle.tokens)).repeat(len(distances), 1)
        places[:, needle.after :] += torch.tensor(list(distances)).unsqueeze(1)
        # A mask is given, since without one transformers takes a jump in positions for the beginning of another text.
        found = model(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            position_ids=places.to(ids.device),
            use_cache=False,
            logits_to_keep=needle.answer + 1,
        )
        likely = torch.log_softmax(found.logits[:, :-1].float(), -1)
        losses.append(-likely.gather(2, ids[:, -needle.answer :, None]).mean())
    return float(torch.stack(losses).mean())
