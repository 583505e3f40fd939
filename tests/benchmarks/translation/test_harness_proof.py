from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from small_translations import QUEUE, WORDS, bench_on, open_sandbox

from repowright.agent.workflows.translate.checks import Bench, compare_with_c
from repowright.benchmarks.translation.oracle import choose_mutants, prove


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    sandbox = open_sandbox("bubblewrap", ("c",))
    yield bench_on(sandbox)
    sandbox.close()


@pytest.mark.bubblewrap
async def test_the_harness_proves_itself_on_c(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    proof = await prove(bench, WORDS, 12)
    with capsys.disabled():
        print(f"\nmutation score {proof.score:.2f} of {len(proof.counted)} mutants", end=" ")
    assert proof.identity.equal and proof.identity.sanitized and proof.identity.cases > 600
    assert len(proof.counted) == 12 and proof.score >= 0.9
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
