"""Chooses tokens from logits."""

from __future__ import annotations

import torch
from torch import Tensor

from repowright.inference_backend.engine.request import Likelihood, SampledToken, Sampling


class Sampler:
    """Chooses the tokens of one request, with random numbers of its own.

    One number is drawn a token, whatever the settings: so preemption and drafts leave a seeded answer as it is.
    """

    def __init__(self, sampling: Sampling) -> None:
        self._sampling = sampling
        self._random = torch.Generator().manual_seed(sampling.seed % (1 << 63))

    def choose(self, logits: Tensor, allowed: Tensor | None = None) -> SampledToken:
        """Return the next token.

        Parameters
        ----------
        logits
            ``float32 [V]``.
        allowed
            The same with minus infinity for what a grammar does not let come; the log-probabilities that are
            reported are those of ``logits``.
        """
        bounded = logits if allowed is None else allowed
        is_greedy = self._sampling.temperature == 0
        return self._report(int(bounded.argmax()) if is_greedy else self._draw(bounded.cpu()), logits)

    def _draw(self, logits: Tensor) -> int:
        probabilities = torch.softmax(logits.double() / self._sampling.temperature, 0)
        kept, order = self._bounded(probabilities)
        mass = kept.cumsum(0)
        drawn = torch.rand((), generator=self._random, dtype=torch.double) * mass[-1]
        place = int(torch.searchsorted(mass, drawn, right=True))
        # The number drawn may be rounded up to the whole mass: the last token that has some is then meant.
        place = min(place, int(kept.nonzero()[-1]))
        return place if order is None else int(order[place])

    def _bounded(self, probabilities: Tensor) -> tuple[Tensor, Tensor | None]:
        """Probabilities of what may be drawn, the likeliest first, and whose they are; all in place without bounds."""
        sampling = self._sampling
        if sampling.top_p == 1 and not sampling.top_k and not sampling.min_p:
            return probabilities, None
        likeliest, order = probabilities.topk(min(sampling.top_k or len(probabilities), len(probabilities)))
        before = likeliest.cumsum(0) - likeliest
        kept = (before < sampling.top_p) & (likeliest >= sampling.min_p * likeliest[0])
        kept[0] = True
        return torch.where(kept, likeliest, torch.zeros_like(likeliest)), order

    def _report(self, token: int, logits: Tensor) -> SampledToken:
        wanted = self._sampling.logprobs
        if wanted is None:
            return SampledToken(token)
        logprobs = torch.log_softmax(logits, 0)
        values, tokens = logprobs.topk(min(wanted, logprobs.shape[0]))
        likeliest = tuple(Likelihood(*pair) for pair in zip(tokens.tolist(), values.tolist(), strict=True))
        return SampledToken(token, float(logprobs[token]), likeliest)
