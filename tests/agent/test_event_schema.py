from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from repowright.agent import events
from repowright.agent.event_schema import PUBLISHED, published_schema

FILE = Path(__file__).parents[2] / PUBLISHED
KINDS = get_args(get_args(events.Event)[0])
SAMPLES: dict[object, object] = {str: "x", int: 1, float: 0.5, bool: True}


def value_of(annotation: object) -> object:
    if annotation in SAMPLES:
        return SAMPLES[annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return example(annotation).model_dump()
    inside = get_args(annotation)
    if str(annotation).startswith("list"):
        return [value_of(inside[0])]
    return inside[0] if isinstance(inside[0], str) else value_of(inside[0])


def example(kind: type[BaseModel]) -> BaseModel:
    return kind.model_validate({name: value_of(field.annotation) for name, field in kind.model_fields.items()})


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json.loads(FILE.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_published_schema_is_up_to_date() -> None:
    assert FILE.read_bytes() == published_schema(), "write it anew: python -m repowright.agent.event_schema"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_is_as_the_schema_says(kind: type[BaseModel], validator: Draft202012Validator) -> None:
    line = json.loads(example(kind).model_dump_json())
    assert [error.message for error in validator.iter_errors(line)] == []
    assert not validator.is_valid(line | {"unknown": 1})
    assert not validator.is_valid(line | {"type": "no.such.event"})
