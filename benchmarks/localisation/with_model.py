"""Localisation with a model over the graph, and its control with nothing but a shell, on the same cases.

    python -m repowright.benchmarks.localisation.with_model --arm graph --cases dev.jsonl --repos REPOS \\
        --ranking model-free.jsonl --record RECORD --work WORK --out graph.jsonl [--draw 24] [--model M | --replay]

Every reply is kept in RECORD; with ``--replay`` they are read from there and no model is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from repowright.agent.events import EventBus
from repowright.agent.llm import Gateway, Record, Replay
from repowright.agent.model_access import open_gateway
from repowright.agent.settings import Flags, Settings, load_settings
from repowright.agent.workflows.locate.shell import LIMITS, ShellTool
from repowright.agent.workflows.locate.workflow import Judged, Task, judge, judge_with_shell
from repowright.benchmarks.localisation.cases import Case, read_cases
from repowright.benchmarks.localisation.corpora import git_folder
from repowright.benchmarks.localisation.trees import tree_files
from repowright.executors import Sandbox, choose
from repowright.graph.encode import encode, load_graph
from repowright.graph.sources import SnapshotSources
from repowright.repo_tools.snapshot import MemorySnapshot

DATASETS = ("verified", "lite")
"""Cases whose text is a whole issue; a model may have seen their fixes."""

SEED = 0


class Ranking(NamedTuple):
    """What retrieval alone says of a case: paths and functions, best first."""

    files: list[str]
    functions: list[str]


@dataclass(frozen=True)
class Options:
    """What all cases of a run share."""

    arm: str
    repos: Path
    work: Path
    record: Path
    replay: bool
    settings: Settings
    ranking: Mapping[str, Ranking]
    without: frozenset[str]


def main() -> None:
    """Localise the drawn cases, those done before left out, and write one prediction a line."""
    chosen = _arguments()
    cases = drawn(read_cases(chosen.cases, chosen.dataset or DATASETS), chosen.draw)
    done = {row["instance_id"] for row in _read(chosen.out)} if chosen.out.exists() else set()
    ranked = _read(chosen.ranking) if chosen.ranking else []
    flags = Flags(model=chosen.model, parallel=chosen.parallel, budget=chosen.budget, timeout_s=chosen.timeout)
    options = Options(
        arm=chosen.arm,
        repos=chosen.repos,
        work=chosen.work,
        record=chosen.record,
        replay=chosen.replay,
        settings=load_settings(flags, os.environ, Path.cwd()),
        ranking={str(row["instance_id"]): Ranking(_texts(row["files"]), _texts(row["functions"])) for row in ranked},
        without=frozenset(chosen.without),
    )
    asyncio.run(_run([case for case in cases if case.id not in done], options, chosen.out))


def drawn(cases: Sequence[Case], count: int) -> list[Case]:
    """Return cases that have gold functions, drawn at random, always the same ones."""
    fit = sorted((case for case in cases if case.gold["function"]), key=lambda case: case.id)
    return random.Random(SEED).sample(fit, min(count, len(fit)))


async def _run(cases: Sequence[Case], options: Options, out: Path) -> None:
    options.work.mkdir(parents=True, exist_ok=True)
    slots = asyncio.Semaphore(options.settings.parallel)
    sandbox = choose(options.settings.sandbox) if options.arm == "shell" else None

    async def one(case: Case) -> None:
        async with slots:
            row = await _localise(case, options, sandbox)
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, sort_keys=True) + "\n")
        print(f"{case.id}: {row['steps']} steps, {row['tokens']} tokens, {row['ended']}", flush=True)

    try:
        await asyncio.gather(*(one(case) for case in cases))
    finally:
        if sandbox is not None:
            sandbox.close()


async def _localise(case: Case, options: Options, sandbox: Sandbox | None) -> dict[str, object]:
    task, files = await asyncio.to_thread(_task, case, options)
    recorded = Record(options.record / case.id)
    own = Record(options.work / "replayed" / case.id) if options.replay else recorded
    replay = Replay(recorded) if options.replay else None
    begun = time.monotonic()
    async with open_gateway(options.settings, own, replay, EventBus(case.id, time.time)) as gateway:
        if sandbox is None:
            judged = await judge(task, gateway)
        else:
            judged = await _with_shell(case, task, files, gateway, sandbox, replay)
        cost = gateway.ledger.spent + gateway.ledger.replayed
    row = {"seconds": round(time.monotonic() - begun, 1), "tokens": cost.tokens, "usd": cost.usd}
    return {"instance_id": case.id, "arm": options.arm} | row | _said(judged)


async def _with_shell(
    case: Case, task: Task, files: Mapping[str, bytes], gateway: Gateway, sandbox: Sandbox, replay: Replay | None
) -> Judged:
    box = await asyncio.to_thread(sandbox.open, LIMITS)
    with box:
        await asyncio.to_thread(box.put, files)
        return await judge_with_shell(task, gateway, ShellTool(box, case.id, gateway.record, replay))


def _task(case: Case, options: Options) -> tuple[Task, dict[str, bytes]]:
    files = tree_files(git_folder(options.repos, case.repository), case.commit)
    source = MemorySnapshot(files, case.repository.rpartition("/")[2])
    encoded = encode(source, options.work / f"{case.id}.rpg", languages=("python",))
    ranked = options.ranking.get(case.id, Ranking([], []))
    task = Task(
        repository=case.repository,
        issue=case.text,
        rpg=load_graph(encoded.store_path),
        sources=SnapshotSources(source),
        files=ranked.files,
        functions=ranked.functions,
        without=options.without,
    )
    return task, files


def _said(judged: Judged) -> dict[str, object]:
    return {
        "files": list(judged.files),
        "classes": _classes(judged.functions),
        "functions": list(judged.functions),
        "picks": len(judged.picks),
        "steps": judged.turns,
        "ended": judged.ended,
    }


def _classes(functions: Sequence[str]) -> list[str]:
    """Return the types that methods belong to, in the order of their best ones."""
    owners = (label.rpartition(".")[0] for label in functions if "." in label.rpartition(":")[2])
    return list(dict.fromkeys(owners))


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _read(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arm", choices=("graph", "shell"), required=True)
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--repos", type=Path, required=True, help="folder of bare repositories, owner+name/repo")
    parser.add_argument("--ranking", type=Path, help="model-free predictions of these cases; needed by the graph arm")
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--draw", type=int, default=24)
    parser.add_argument("--dataset", action="append", help="draw from these; by default from issues in full")
    parser.add_argument("--without", action="append", default=[], choices=("features", "deps"))
    parser.add_argument("--model", default="recorded")
    parser.add_argument("--replay", action="store_true")
    parser.add_argument("--parallel", type=int, default=8)
    parser.add_argument("--timeout", type=float, default=3600, help="seconds a reply may take")
    parser.add_argument("--budget", help="per case, such as 200ktok")
    return parser.parse_args()


if __name__ == "__main__":
    main()
