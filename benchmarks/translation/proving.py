"""The proofs of several C projects, told and added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks import Bench, CProgram
from repowright.benchmarks.translation.oracle import HarnessProof, prove
from repowright.executors import SandboxError, SandboxUnavailable

NOTHING = "no call has a result"


@dataclass(frozen=True)
class ProofRow:
    """What the harness showed of itself on one project.

    Parameters
    ----------
    identity
        ``equal``, ``differs``, or why nothing was compared.
    cases
        Calls that were compared between the project and itself.
    mutants, noticed
        Mutants that compile and with which something ran; those that calls or programs show.
    called, by_calls
        Mutants in functions whose results are compared; those of them that generated calls alone show.
    programs, undefined
        Test programs, and those with undefined behaviour.
    """

    project: str
    identity: str
    cases: int
    mutants: int
    noticed: int
    called: int
    by_calls: int
    programs: int
    undefined: int

    @property
    def score(self) -> float | None:
        """Share of the mutants noticed; ``None`` where none compiles."""
        return self.noticed / self.mutants if self.mutants else None


def row_of_proof(project: str, proof: HarnessProof) -> ProofRow:
    """Bring a proof into a row."""
    compared = proof.identity
    told = "equal" if compared.equal else compared.problem or ("differs" if compared.differing else NOTHING)
    return ProofRow(
        project,
        told,
        compared.cases,
        len(proof.counted),
        sum(each.noticed for each in proof.counted),
        len(proof.called),
        sum(each.by_calls for each in proof.called),
        len(proof.sanitized.runs),
        sum(bool(each.fault) for each in proof.sanitized.runs),
    )


async def prove_row(bench: Bench, project: str, program: CProgram, mutants: int) -> ProofRow:
    """Prove the harness on one project; one whose box breaks gives a row with the reason.

    Raises
    ------
    SandboxUnavailable
        If no box can be had.
    """
    try:
        return row_of_proof(project, await prove(bench, program, mutants))
    except SandboxUnavailable:
        raise
    except SandboxError as err:
        return ProofRow(project, err.message, 0, 0, 0, 0, 0, len(program.mains), 0)


def proof_table(rows: Sequence[ProofRow]) -> str:
    """Return rows and sums as Markdown."""
    lines = [
        "| project | C beside itself | calls | mutants | noticed | in called functions | by calls alone | programs "
        "| undefined behaviour |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        told = row.identity[:80].replace("|", "/")
        lines.append(
            f"| {row.project} | {told} | {row.cases} | {row.mutants} | {row.noticed} | {row.called} | {row.by_calls} "
            f"| {row.programs} | {row.undefined} |"
        )
    equal = sum(row.identity == "equal" for row in rows)
    differ = sum(row.identity == "differs" for row in rows)
    mutants, called = sum(row.mutants for row in rows), sum(row.called for row in rows)
    score = _share(sum(row.noticed for row in rows), mutants)
    alone = _share(sum(row.by_calls for row in rows), called)
    lines += ["", f"{len(rows)} projects: {equal} equal to themselves, {differ} not; the others cannot be called."]
    lines.append(
        f"Mutation score {score} of {mutants} mutants; generated calls alone notice {alone} of the {called} in "
        "functions whose results they compare."
    )
    return "\n".join(lines)


def _share(hits: int, of: int) -> str:
    return f"{hits / of:.2f}" if of else "-"
