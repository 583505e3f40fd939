"""How the steps of an evaluation ask: a prompt by name, for one task."""

from __future__ import annotations

from collections.abc import Mapping

from repowright.agent import prompts
from repowright.agent.llm import Request
from repowright.benchmarks.repocraft.tasks import Task


def request(
    name: str, holes: Mapping[str, object], task: Task, max_tokens: int, sample: int = 0, temperature: float = 0.0
) -> Request:
    """Build the request of one prompt of the benchmark."""
    prompt = f"repocraft/{name}"
    return Request(
        task=prompt.replace("/", "."),
        prompt_hash=prompts.prompt_hash(prompt),
        messages=prompts.render(prompt, {"query": task.task_query, "algorithm": task.alg_description, **holes}),
        max_tokens=max_tokens,
        sample=sample,
        temperature=temperature,
        subject=task.id,
    )
