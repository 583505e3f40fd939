from __future__ import annotations

import asyncio

import pytest
from small_clusters import PURSE, PURSE_RS, PURSE_TYPES, encoded, purse_crate
from small_translations import bench_on, open_sandbox

from repowright.agent.workflows.translate.checks import Crate, SwapCheck, Swapped, c_program
from repowright.agent.workflows.translate.checks.choosing import choose
from repowright.agent.workflows.translate.checks.conversions import NONE
from repowright.agent.workflows.translate.checks.state import kept_state
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.idiomatic.designing import Design, DesignedCluster
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes
from repowright.agent.workflows.translate.idiomatic.spec import Spec
from repowright.agent.workflows.translate.idiomatic.standing import DesignedConversions
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton

PROGRAM = c_program({path: text.encode() for path, text in PURSE.items()})
CONVERTED = {
    "item_init", "item_number", "item_word", "item_twin", "item_size", "item_grow", "items_total", "items_by",
    "item_value", "item_mark", "digits_read", "coin_next", "line_add",
}  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> EncodedC:
    return encoded(tmp_path_factory.mktemp("purse"), PURSE)


def _conversions(project: EncodedC) -> DesignedConversions:
    spec = Spec.model_validate({"types": PURSE_TYPES})
    design = Design(clusters=(DesignedCluster(name="struct item", target="src/purse.rs", spec=spec),))
    layouts = build_skeleton("purse", project.units).files["src/types.rs"].encode()
    return DesignedConversions(design, ProjectTypes(project.units), project.units, layouts)


def _swapped(project: EncodedC, code: str) -> Swapped:
    sandbox = open_sandbox("bubblewrap", ("rust", "c"))
    check = SwapCheck(bench_on(sandbox), converting=_conversions(project))
    return asyncio.run(check.swap(Crate(purse_crate(code)), PROGRAM))


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_structures_that_c_looks_into_are_converted_at_each_call(project: EncodedC) -> None:
    found = _swapped(project, PURSE_RS)
    assert found.problem == "" and set(found.functions) == CONVERTED
    assert [(each.same, each.told) for each in found.runs] == [(True, "")]
    assert {name for name, count in found.hits.items() if count} == CONVERTED


@pytest.mark.bubblewrap
@pytest.mark.timeout(240)
def test_rust_that_does_otherwise_is_noticed_through_converters(project: EncodedC) -> None:
    found = _swapped(project, PURSE_RS.replace("word.push_str(more)", "word.insert_str(0, more)"))
    (run,) = found.runs
    assert not run.same and "line 1 is '-kabcdefghij" in run.told and found.hits["item_grow"] == 3


def test_what_shares_a_variable_with_a_function_that_stays_in_c_stays_too(project: EncodedC) -> None:
    crate = Crate(purse_crate())
    chosen = choose(crate, PROGRAM, _conversions(project)(crate), None)
    assert chosen.left_out["told"] == "it takes a variable number of arguments"
    assert chosen.left_out["ticks"] == "it uses the variable counted, which told uses too, and that stays in C"
    assert kept_state(PROGRAM).together({"ticks"}) == {"ticks", "told"}
    apart = PROGRAM.files["purse.c"].replace(b"return counted + (long)", b"return (long)")
    alone = c_program({**PROGRAM.files, "purse.c": apart})
    assert "ticks" in {each.shape.name for each in choose(crate, alone, NONE, None).wrappers}


def test_without_a_spec_no_structure_that_c_looks_into_is_swapped() -> None:
    chosen = choose(Crate(purse_crate()), PROGRAM, NONE, None)
    assert chosen.wrappers == () and "struct item" in chosen.left_out["item_grow"]
