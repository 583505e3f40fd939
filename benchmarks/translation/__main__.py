"""Command line of the translation benchmarks: ``python -m repowright.benchmarks.translation --help``."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from repowright.agent.workflows.translate.checks import Bench, c_program, vacuous_tests
from repowright.benchmarks.translation.crust import CrustData
from repowright.benchmarks.translation.errors import TranslationBenchError
from repowright.benchmarks.translation.oracle import prove
from repowright.benchmarks.translation.verdict import ProjectVerdict, judge, summed
from repowright.executors import SandboxError, choose

SKIPPED = frozenset({"target", ".git"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    options = _parser().parse_args(arguments)
    try:
        sandbox = choose(options.sandbox, toolchains=("rust",))
        try:
            asyncio.run(options.command(Bench(sandbox, at_once=options.at_once), options))
        finally:
            sandbox.close()
    except (TranslationBenchError, SandboxError) as err:
        print(f"error: {err}", file=sys.stderr)
        return err.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="translation", description="C to Rust: verdicts and what they are worth")
    parser.add_argument("--sandbox", default="auto", choices=("auto", "docker", "bubblewrap"))
    parser.add_argument("--at-once", type=int, default=2, help="boxes open at a time")
    commands = parser.add_subparsers(required=True)
    verdict = commands.add_parser("verdict", help="judge translated crates: official and stricter rule")
    verdict.add_argument("--answers", type=Path, required=True, help="folder with one crate a project, by its name")
    verdict.set_defaults(command=_verdicts)
    vacuous = commands.add_parser("vacuous", help="find the tests that pass on stubs")
    vacuous.set_defaults(command=_vacuous)
    for each in (verdict, vacuous):
        each.add_argument("--data", type=Path, required=True, help="CRUST-bench, as a folder or a .zip")
        each.add_argument("--only", nargs="*", default=[], help="names of projects")
        each.add_argument("--out", type=Path, help="write one JSON line a project there")
    oracle = commands.add_parser("oracle", help="prove the harness on C: identity, mutants, sanitizers")
    oracle.add_argument("folders", type=Path, nargs="+", help="C projects")
    oracle.add_argument("--mutants", type=int, default=40)
    oracle.set_defaults(command=_oracle)
    return parser


async def _verdicts(bench: Bench, options: argparse.Namespace) -> None:
    data = CrustData.open(options.data)
    verdicts: list[ProjectVerdict] = []
    for name in _chosen(data, options):
        answer = _files(options.answers / name)
        found = await judge(bench, data.case(name), answer)
        verdicts.append(found)
        marks = f"{'builds' if found.builds else '-':8}{'official' if found.official else '-':10}"
        print(f"{name:40}{marks}{'strict' if found.strict else '; '.join(found.reasons)[:120]}", flush=True)
        _write(options.out, asdict(found))
    total = summed(verdicts)
    print(f"{total.projects} projects: {total.builds} build, {total.official} pass officially, {total.strict} strictly")


async def _vacuous(bench: Bench, options: argparse.Namespace) -> None:
    data = CrustData.open(options.data)
    count = 0
    for name in _chosen(data, options):
        found = sorted(await vacuous_tests(bench, data.case(name).crate))
        count += len(found)
        print(f"{name:40}{len(found):4} {' '.join(found)[:100]}", flush=True)
        _write(options.out, {"name": name, "vacuous": found})
    print(f"{count} tests pass on stubs")


async def _oracle(bench: Bench, options: argparse.Namespace) -> None:
    for folder in options.folders:
        proof = await prove(bench, c_program(_files(folder)), options.mutants)
        same = "equal to itself" if proof.identity.equal else proof.identity.problem or "NOT equal to itself"
        faulty = [each for each in proof.sanitized.runs if each.fault]
        print(
            f"{folder.name:30} {same} in {proof.identity.cases} calls; mutation score {proof.score:.2f}"
            f" ({proof.score_by_calls:.2f} by calls alone) of {len(proof.counted)} mutants;"
            f" {len(faulty)} of {len(proof.sanitized.runs)} programs with undefined behaviour",
            flush=True,
        )


def _chosen(data: CrustData, options: argparse.Namespace) -> tuple[str, ...]:
    return tuple(name for name in data.names() if not options.only or name in options.only)


def _files(folder: Path) -> dict[str, bytes]:
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    names = ((path.relative_to(folder), path) for path in found)
    return {name.as_posix(): path.read_bytes() for name, path in names if not SKIPPED & set(name.parts)}


def _write(out: Path | None, record: Mapping[str, object]) -> None:
    if out is not None:
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
