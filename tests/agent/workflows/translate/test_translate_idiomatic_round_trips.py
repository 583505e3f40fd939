from __future__ import annotations

import asyncio
import copy
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from small_clusters import SHEET, SHEET_RS, TYPES, encoded, sheet_crate
from small_translations import bench_on, open_sandbox

from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.idiomatic.cluster_record import RoundTrip
from repowright.agent.workflows.translate.idiomatic.converters import Converter, Converters, make_converters
from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes
from repowright.agent.workflows.translate.idiomatic.round_trips import round_trips
from repowright.agent.workflows.translate.idiomatic.spec import Spec
from repowright.agent.workflows.translate.skeleton.generate import build_skeleton

pytestmark = [pytest.mark.bubblewrap, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> EncodedC:
    return encoded(tmp_path_factory.mktemp("sheet"), SHEET)


def _converters(project: EncodedC, types: Sequence[Mapping[str, Any]], code: str = SHEET_RS) -> Converters:
    spec = Spec.model_validate({"types": types})
    return make_converters(spec.types, ProjectTypes(project.units), sheet_crate(code), project.units)


def _run(project: EncodedC, converters: Converters, code: str = SHEET_RS) -> dict[str, RoundTrip]:
    layouts = build_skeleton("sheet", project.units).files["src/types.rs"].encode()
    sandbox = open_sandbox("bubblewrap", ("rust", "c"))
    found = asyncio.run(round_trips(bench_on(sandbox), sheet_crate(code), layouts, converters))
    return {each.type: each for each in found}


def _edited(converters: Converters, type_: str, old: str, new: str) -> Converters:
    """The converters with one place of one of them changed."""

    def one(each: Converter) -> Converter:
        if each.type != type_:
            return each
        assert each.text.count(old) == 1, each.text
        return replace(each, text=each.text.replace(old, new))

    return replace(converters, made=tuple(map(one, converters.made)))


def test_values_of_every_shape_go_there_and_back(project: EncodedC) -> None:
    converters = _converters(project, TYPES)
    assert converters.refused == {}
    found = _run(project, converters)
    assert {name: (each.ran, each.failed) for name, each in found.items()} == dict.fromkeys(
        ("enum colour", "struct point", "struct value", "struct sheet"), (200, 0)
    )
    assert found["struct sheet"].not_compared == ("room",)


def test_a_converter_that_loses_something_is_caught(project: EncodedC) -> None:
    found = _converters(project, TYPES)
    found = _edited(found, "struct point", "c.y = (*(&r.y) as ::core::ffi::c_double);", "")
    found = _edited(found, "struct value", "(c.r#as.pair.second as u32)", "7")
    found = _edited(found, "enum colour", "R::Blue => 7i64 as C", "R::Blue => 0i64 as C")
    told = _run(project, found)
    assert told["struct point"].failed and told["struct point"].told == "y is lost from C to Rust and back"
    assert told["struct value"].failed and told["enum colour"].failed
    assert told["struct sheet"].told.endswith("is lost from C to Rust and back")


def test_a_type_that_is_too_narrow_is_caught_and_one_that_does_not_fit_is_refused(project: EncodedC) -> None:
    narrow = SHEET_RS.replace("grid: [i32; 4]", "grid: [i8; 4]").replace("y: f64 }", "y: String }")
    found = _run(project, _converters(project, [TYPES[0], TYPES[1]], narrow), narrow)
    assert "do not compile" in found["struct point"].reason and found["enum colour"].failed == 0
    alone = copy.deepcopy(TYPES)
    for each in alone[3]["fields"]:
        if each.get("c") in ("corner", "points", "pin"):
            each |= {"how": "derived"}
    narrow = narrow.replace("    corner: Point,\n    points: Vec<Point>,\n    pin: Option<Rc<RefCell<Point>>>,\n", "")
    found = _run(project, _converters(project, [TYPES[0], TYPES[2], alone[3]], narrow), narrow)
    assert found["struct sheet"].failed
    assert found["struct sheet"].told.endswith("child.grid is lost from C to Rust and back")


def test_what_no_converter_can_be_made_for_has_a_reason(project: EncodedC) -> None:
    hidden = copy.deepcopy(TYPES)
    hidden[3]["fields"][8] |= {"how": "private", "rust": ""}
    refused = _converters(project, hidden).refused
    assert refused["struct sheet"] == "Rust keeps points in a way that the SPEC has no words for"
    alone = _converters(project, TYPES[3:]).refused
    assert alone["struct sheet"] == "no SPEC says how point_t becomes Point"
    generic = _converters(project, TYPES[1:2], SHEET_RS.replace("struct Point {", "struct Point<T> {")).refused
    assert generic == {"struct point": "Point is generic"}
    unknown = copy.deepcopy(TYPES[2:3])
    unknown[0]["fields"][0]["variants"][0]["value"] = "KIND_ODD"
    assert _converters(project, unknown).refused["struct value"] == "the value of KIND_ODD is not known"
