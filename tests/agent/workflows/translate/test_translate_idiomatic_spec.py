from __future__ import annotations

import copy
import shutil
from typing import Any

import pytest
from small_clusters import FIELDS, SHEET, SHEET_RS, TYPES, answer, encoded, sheet_crate

from repowright.agent.workflows.translate.idiomatic.project_types import ProjectTypes
from repowright.agent.workflows.translate.idiomatic.spec import How, Spec, read_spec
from repowright.agent.workflows.translate.idiomatic.spec_problems import spec_problems
from repowright.repo_tools.rust_source import rust_types


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> ProjectTypes:
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc to preprocess")
    return ProjectTypes(encoded(tmp_path_factory.mktemp("sheet"), SHEET).units)


def _problems(types: ProjectTypes, told: list[dict[str, Any]]) -> list[str]:
    found = read_spec(answer(SHEET_RS, told))
    assert isinstance(found, Spec)
    return spec_problems(found, list(types.types.values()), types, rust_types(sheet_crate()))


def _changed(at: int, **changes: object) -> list[dict[str, Any]]:
    told = copy.deepcopy(TYPES)
    told[3]["fields"][at] |= changes
    return told


def test_a_spec_is_read_from_beside_the_rust(types: ProjectTypes) -> None:
    found = read_spec(answer(SHEET_RS, TYPES))
    assert isinstance(found, Spec) and [each.c for each in found.types][-1] == "struct sheet"
    assert found.types[3].fields[0].how is How.STRING and found.types[3].fields[0].nullable
    assert found.types[2].fields[0].variants[2].name == "Text"
    assert _problems(types, TYPES) == []


def test_an_answer_without_a_spec_has_none_and_a_broken_one_is_told() -> None:
    assert read_spec(answer(SHEET_RS, None)) is None
    broken = read_spec('```json\n{"types": [\n```\n')
    assert isinstance(broken, list) and broken[0].startswith("the SPEC is no JSON")
    told = read_spec('```json\n{"types": [{"c": "a", "rust": "A", "fields": [{"c": "x", "how": "magic"}]}]}\n```\n')
    assert isinstance(told, list) and "types.0.fields.0.how" in told[0]
    unnamed = read_spec('```\n{"types": [{"c": "a", "rust": "A", "because": "it is so"}]}\n```\n')
    assert isinstance(unnamed, Spec) and unnamed.types[0].rust_name == "A"


@pytest.mark.parametrize(
    ("at", "changes", "told"),
    [
        (0, {"c": "heading"}, "it has no member heading"),
        (0, {"c": "heading"}, "nothing is said of the members title"),
        (0, {"rust": "heading"}, "Sheet has no field heading"),
        (0, {"rust": "heading"}, "nothing is said of the fields title of Sheet"),
        (2, {"length": ""}, "the slice names has no length"),
        (6, {"next": ""}, "the list notes has no next"),
        (10, {"rust": ""}, "the member grid is same, and no field of Sheet is named for it"),
        (10, {"c": ""}, "the field grid is same, and no member is named for it"),
    ],
)
def test_what_a_spec_leaves_out_or_invents_is_told(
    types: ProjectTypes, at: int, changes: dict[str, object], told: str
) -> None:
    assert any(told in problem for problem in _problems(types, _changed(at, **changes)))


def test_types_and_values_that_are_not_there_are_told(types: ProjectTypes) -> None:
    (unknown,) = _problems(types, [{"c": "struct cell", "rust": "Sheet", "fields": FIELDS}])
    assert "struct cell, which is none of the C types" in unknown
    (missing,) = _problems(types, [{"c": "point_t", "rust": "Spot", "fields": []}])
    assert "becomes Spot, and no such struct" in missing
    colour = [{"c": "enum colour", "rust": "Colour", "variants": [{"value": "PINK", "rust": "Pink"}]}]
    assert [each.partition(": ")[2] for each in _problems(types, colour)] == [
        "it has no value PINK",
        "Colour has no variant Pink",
    ]
    no_tag = [{"c": "struct value", "rust": "Value", "fields": [{"c": "as", "how": "union"}]}]
    assert any("the union as has no tag" in each for each in _problems(types, no_tag))
