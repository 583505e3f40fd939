"""The third step: the real test, rewritten against the located units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from repowright.agent.llm import Reply, Unusable, read_code
from repowright.benchmarks.repocraft.evaluate.asking import request
from repowright.benchmarks.repocraft.evaluate.bench import pinned_project
from repowright.benchmarks.repocraft.evaluate.checks import Rules, problems_of
from repowright.benchmarks.repocraft.evaluate.gold import third_parties
from repowright.benchmarks.repocraft.evaluate.showing import offered, sources
from repowright.benchmarks.repocraft.evaluate.studio import Studio
from repowright.benchmarks.repocraft.tasks import Task

_REPLY_TOKENS = 8_000


@dataclass(frozen=True)
class LastVersion:
    """A test that used the repository's API wrongly, and how that showed."""

    code: str = ""
    failure: str = ""


async def adapt(task: Task, located: Sequence[str], last: LastVersion, studio: Studio) -> str:
    """Return the source of the adapted test; it has passed all checks that need no run.

    Raises
    ------
    ReplyInvalid, ModelRefused
        If the model gives no test that passes them.
    AgentError
        If the model cannot be used or the budget is spent.
    """
    rules = rules_of(task, studio)
    holes = {
        "functions": ", ".join(f"`{name}`" for name in task.functions),
        "packages": ", ".join(f"`{name}`" for name in rules.packages),
        "third_parties": "".join(f", `{name}`" for name in rules.third_parties),
        "real": ", ".join(f"`{name}`" for name in rules.real),
        "test": task.query_code.strip("\n"),
        "context": studio.contexts[task.id].text,
        "plugins": ", ".join(f"`{name.partition('.')[0]}`" for name in studio.plugins),
        "repository": studio.atlas.tree.name,
        "sources": sources(studio.atlas, located),
        "names": offered(studio.atlas, located),
        "last": last.code.strip("\n"),
        "failure": last.failure,
    }

    def parse(reply: Reply) -> str:
        code = read_code(reply.text)
        problems = problems_of(code, rules)
        if problems:
            raise Unusable(problems)
        return code

    asked = replace(request("adapt", holes, task, _REPLY_TOKENS), temperature=studio.settings.temperature)
    return await studio.gateway.ask(asked, parse, max_repairs=studio.settings.reply_repairs)


def rules_of(task: Task, studio: Studio) -> Rules:
    """Return what an adapted test of a task has to keep."""
    real = real_packages(task)
    return Rules(
        gold=task.query_code,
        functions=task.functions,
        packages=studio.atlas.tree.packages,
        real=real,
        third_parties=_third_parties(task, real, studio),
    )


def _third_parties(task: Task, real: Sequence[str], studio: Studio) -> tuple[str, ...]:
    """What the real test imports beside the real project, where that is installed."""
    if studio.terms.environment == "bare" or pinned_project(task.project) is None:
        return ()
    used = {*third_parties(task.query_code), *studio.contexts[task.id].third_parties}
    return tuple(sorted(used - set(real)))


def real_packages(task: Task) -> tuple[str, ...]:
    """Return what the real project is imported as."""
    pinned = pinned_project(task.project)
    return (pinned.package,) if pinned is not None else (task.project.replace("-", "_"),)
