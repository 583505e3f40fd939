"""Gate distillation (SeerAttention-R, arXiv 2506.08889, section 3): a gate learns to say what attention would say.

Differences from the paper: pages that are always read are left out of what is learned; the truth is the attention a
page gets, not its greatest weight, because what counts is the attention that is kept; a query's say is weighed by the
attention at stake; and weights begin as the mean query times the mean key, so that minutes on a processor are enough
where the paper takes GPU-hours.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from repowright.inference_backend.config import PAGE
from repowright.inference_backend.sparse.gate import Gate, page_places
from repowright.inference_backend.sparse.rotation import plain
from repowright.inference_backend.training.gate_samples import GateSamples


@dataclass(frozen=True)
class GateSettings:
    """How a gate is trained.

    Parameters
    ----------
    dim
        Channels of its vectors; even.
    steps, batch
        Steps of the optimiser, and texts in each.
    rate
        Greatest learning rate; it rises over `warm` steps and falls as a cosine to a hundredth.
    """

    dim: int = 64
    steps: int = 300
    batch: int = 2
    rate: float = 3e-3
    warm: int = 20
    seed: int = 0


def distil(
    samples: GateSamples, base: float, settings: GateSettings, told: Callable[[int, float], None] | None = None
) -> Gate:
    """Train a gate.

    Parameters
    ----------
    base
        Base of the model's rotary frequencies.
    told
        Is told the step and its loss.
    """
    generator = torch.Generator().manual_seed(settings.seed)
    of_query, of_key = (each.requires_grad_() for each in beginning(samples, settings.dim))
    optimiser = torch.optim.AdamW([of_query, of_key], lr=settings.rate, weight_decay=0.0)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _rate(step, settings))
    for step in range(settings.steps):
        chosen = torch.randperm(samples.count, generator=generator)[: settings.batch]
        loss = loss_of(of_query, of_key, base, samples, chosen)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        schedule.step()
        if told:
            told(step, float(loss.detach()))
    return Gate(of_query.detach(), of_key.detach(), base)


def beginning(samples: GateSamples, dim: int) -> tuple[Tensor, Tensor]:
    """Return weights that make of the mean query and the mean key a product as attention's.

    Where the gate has fewer channels than a head, those of the highest and lowest frequencies are dropped evenly.
    """
    layers, heads, per_head = samples.pooled.shape[1], samples.pooled.shape[2], samples.pooled.shape[-1] // 3
    group = samples.queries.shape[3] // heads
    straight = _kept_channels(per_head, dim) * (dim / per_head) ** 0.25
    of_query = (straight / group).repeat(group, 1)
    of_key = torch.cat([torch.zeros(2 * per_head, dim), straight])
    return of_query.expand(layers, heads, -1, -1).clone(), of_key.expand(layers, heads, -1, -1).clone()


def loss_of(of_query: Tensor, of_key: Tensor, base: float, samples: GateSamples, chosen: Tensor) -> Tensor:
    """Return the divergence of the gate from the truth, a mean over queries weighed by the attention at stake."""
    scores = _scores(of_query, of_key, base, samples, chosen)
    open_pages = candidates(samples.places[chosen], scores.shape[-1])[:, None, None]
    mass = samples.attention[chosen].float().masked_fill(~open_pages, 0.0)
    at_stake = mass.sum(-1, keepdim=True)
    truth = mass / at_stake.clamp_min(1e-9)
    said = torch.log_softmax(scores.masked_fill(~open_pages, -1e4), -1)
    divergence = (torch.xlogy(truth, truth) - truth * said).sum(-1)
    weights = at_stake.squeeze(-1)
    return (divergence * weights).sum() / weights.sum()


def candidates(places: Tensor, pages: int) -> Tensor:
    """Return which pages a query may choose from: ``bool [S, Q, P]``; all whole ones before its own but the first."""
    numbers = torch.arange(pages)
    return (numbers > 0) & (numbers < (places // PAGE).unsqueeze(-1))


def _scores(of_query: Tensor, of_key: Tensor, base: float, samples: GateSamples, chosen: Tensor) -> Tensor:
    dim, heads = of_key.shape[-1], of_key.shape[1]
    rotation = plain(dim, base)
    query = samples.queries[chosen].float()
    grouped = query.reshape(*query.shape[:3], heads, -1).transpose(2, 3)
    gate_query = rotation.apply(grouped @ of_query, samples.places[chosen][:, None, None])
    gate_key = rotation.apply(samples.pooled[chosen].float() @ of_key, page_places(samples.pooled.shape[3], 0))
    found: Tensor = gate_query @ gate_key.transpose(-1, -2) * dim**-0.5
    return found


def _kept_channels(per_head: int, dim: int) -> Tensor:
    """Rows of the unit matrix: which of a head's channels a gate's channel begins as; pairs of a rotation stay so."""
    half = dim // 2
    of_half = torch.linspace(0, per_head // 2 - 1, half).round().long()
    picked = torch.cat([of_half, of_half + per_head // 2])
    return torch.eye(per_head)[:, picked]


def _rate(step: int, settings: GateSettings) -> float:
    if step < settings.warm:
        return (step + 1) / settings.warm
    done = (step - settings.warm) / max(1, settings.steps - settings.warm)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))
