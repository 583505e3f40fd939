from __future__ import annotations

import json
from typing import get_args

import pytest
from pydantic import ValidationError

from repowright.agent import events
from repowright.agent.events import EventBus, RunEnd, Vote, json_schema, parse_event

KINDS = get_args(get_args(events.Event)[0])


def example(kind: type[events.Event]) -> events.Event:
    sample = {str: "x", int: 1, float: 0.5, bool: True}
    values: dict[str, object] = {}
    for name, field in kind.model_fields.items():
        if not field.is_required():
            continue
        if field.annotation in sample:
            values[name] = sample[field.annotation]
        elif field.annotation == list[str]:
            values[name] = ["x"]
        elif field.annotation == list[Vote]:
            values[name] = [Vote(blame="code", culprit="f", reason="r")]
        else:
            values[name] = get_args(field.annotation)[0]
    return kind.model_validate(values)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_event_survives_its_line(kind: type[events.Event]) -> None:
    event = example(kind)
    assert parse_event(event.model_dump_json()) == event


def test_every_event_has_a_type_of_its_own() -> None:
    types = [kind.model_fields["type"].default for kind in KINDS]
    assert len(types) == len(set(types))


def test_schema_names_every_type() -> None:
    text = json.dumps(json_schema())
    assert all(f'"{kind.model_fields["type"].default}"' in text for kind in KINDS)


def test_unknown_fields_and_types_are_refused() -> None:
    with pytest.raises(ValidationError):
        parse_event('{"type": "run.over"}')
    with pytest.raises(ValidationError):
        parse_event('{"type": "warning", "message": "x", "secret": "y"}')


def test_bus_stamps_run_and_time_and_tells_everybody() -> None:
    told: list[events.Event] = []
    bus = EventBus("run-1", lambda: 42.0)
    bus.subscribe(told.append)
    bus.subscribe(told.append)
    bus.emit(RunEnd(status="done", exit_code=0))
    assert [(event.run, event.ts) for event in told] == [("run-1", 42.0)] * 2
