from __future__ import annotations

from dataclasses import replace

import pytest
from small_translations import QUEUE, WORDS

from repowright.agent.workflows.translate.checks import Bench, compare_with_c
from repowright.benchmarks.translation.oracle import choose_mutants, prove
from repowright.benchmarks.translation.proving import NOTHING, ProofRow, proof_table


@pytest.mark.bubblewrap
async def test_the_harness_proves_itself_on_c(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    proof = await prove(bench, WORDS, 8)
    with capsys.disabled():
        print(f"\nmutation score {proof.score:.2f} of {len(proof.counted)} mutants", end=" ")
    assert proof.identity.equal and proof.identity.sanitized and proof.identity.cases > 600
    assert len(proof.counted) == len(proof.called) == 8 and proof.score_by_calls > 0 and proof.score >= 0.9
    assert all(each.sound for each in proof.sanitized.runs)


@pytest.mark.bubblewrap
async def test_c_equals_itself_and_not_its_mutant(bench: Bench) -> None:
    assert (await compare_with_c(bench, QUEUE, QUEUE)).equal
    code = QUEUE.files["queue.c"].replace(b"if (q->count == q->limit)", b"if (q->count > q->limit)")
    found = await compare_with_c(bench, QUEUE, replace(QUEUE, files={**QUEUE.files, "queue.c": code}))
    assert not found.equal and found.counts["queue_push"].differing > 0
    assert "queue_push(" in found.told[0] and "C gives 0, the candidate 1" in found.told[0]


@pytest.mark.bubblewrap
async def test_an_oracle_that_dies_is_not_held_against_the_candidate(bench: Bench) -> None:
    header = b"int at(int i);\n"
    code = b'#include "t.h"\nstatic int table[4] = {1, 2, 3, 4};\nint at(int i) { return table[i]; }\n'
    program = replace(QUEUE, files={"t.h": header, "t.c": code}, sources=("t.c",), mains=())
    careful = code.replace(b"return table[i]", b"return i < 0 || i > 3 ? 77 : table[i]")
    found = await compare_with_c(bench, program, replace(program, files={"t.h": header, "t.c": careful}))
    assert found.equal and found.counts["at"].undefined > 0


@pytest.mark.bubblewrap
async def test_the_same_seed_compares_the_same_calls(bench: Bench) -> None:
    first, again = [await compare_with_c(bench, WORDS, WORDS, 50, 7) for _ in range(2)]
    assert first.counts == again.counts


def test_mutants_are_spread_over_the_code() -> None:
    chosen = choose_mutants(QUEUE, 5)
    assert len(chosen) == 5 and chosen == choose_mutants(QUEUE, 5)
    assert len({mutant.function for _, mutant in chosen}) >= 3
    everything = choose_mutants(QUEUE, 1000)
    assert len(everything) == len({(path, each.start, each.after) for path, each in everything})


@pytest.mark.bubblewrap
async def test_a_source_that_does_not_compile_leaves_the_others_to_be_tried(bench: Bench) -> None:
    broken = replace(QUEUE, files={**QUEUE.files, "other.c": b'#include "of_another_machine.h"\n'})
    proof = await prove(bench, replace(broken, sources=("queue.c", "other.c"), mains=()), 2)
    assert proof.identity.equal and len(proof.called) == 2 and all(each.tried for each in proof.mutants)


def test_frameworks_that_came_with_tests_are_not_mutated() -> None:
    unity = b"int unity_says(int a) { return a + 1; }\n"
    program = replace(
        QUEUE, files={**QUEUE.files, "test/unity/unity.c": unity}, sources=("queue.c", "test/unity/unity.c")
    )
    assert {path for path, _ in choose_mutants(program, 100)} == {"queue.c"}
    assert choose_mutants(replace(program, sources=("test/unity/unity.c",)), 100)


def test_proofs_are_told_and_added_up() -> None:
    rows = [
        ProofRow("queue", "equal", 900, 10, 9, 10, 8, 1, 0),
        ProofRow("tool", NOTHING, 0, 5, 1, 0, 0, 1, 1),
        ProofRow("odd", "differs", 7, 0, 0, 0, 0, 0, 0),
    ]
    table = proof_table(rows)
    assert "| tool | no call has a result | 0 | 5 | 1 | 0 | 0 | 1 | 1 |" in table
    assert "3 projects: 1 equal to themselves, 1 not; the others cannot be called." in table
    assert "Mutation score 0.67 of 15 mutants; generated calls alone notice 0.80 of the 10" in table
    assert rows[2].score is None and proof_table([]).endswith("functions whose results they compare.")
