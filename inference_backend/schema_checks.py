"""What is told of a JSON Schema before a grammar is made of it: whether it is one, and whether a grammar keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from repowright.inference_backend.errors import InferenceError

Schema = Mapping[str, Any]

LARGEST = 1 << 16
"""Characters of a schema, at most."""

MOST_PROPERTIES = 512
"""Properties of an object, at most; the time to make a grammar grows with their square."""

UNENFORCED = frozenset(
    (
        *("contains", "dependentRequired", "dependentSchemas", "else", "if", "maxContains", "minContains"),
        *("multipleOf", "not", "then", "uniqueItems"),
    )
)
"""Words of JSON Schema that no grammar here enforces."""

_ANNOTATIONS = frozenset(
    (
        *("$anchor", "$comment", "$defs", "$id", "$schema", "default", "definitions", "deprecated", "description"),
        *("discriminator", "examples", "readOnly", "title", "writeOnly"),
    )
)
_OF_LENGTH = frozenset({"minLength", "maxLength"})
_ALONE = ("$ref", "anyOf", "oneOf", "allOf")
_MAPPED = ("properties", "$defs", "definitions", "patternProperties")
_NO_SCHEMAS = ("const", "enum", "default", "examples")


class SchemaUnusable(InferenceError):
    """A JSON Schema cannot be turned into a grammar."""


class ToolUnusable(SchemaUnusable):
    """The parameters of a tool are no schema that can be used."""


def checked_schema(schema: Schema, strict: bool) -> None:
    """Check what can be told of a schema without compiling it.

    Parameters
    ----------
    strict
        Every answer has to be valid: what the grammar would leave out is refused.

    Raises
    ------
    SchemaUnusable
        If it is no schema, too large, or asks in strict mode for what no grammar enforces.
    """
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator

    if len(json.dumps(schema)) > LARGEST:
        raise SchemaUnusable(f"the schema is longer than {LARGEST} characters", "split the question")
    try:
        Draft202012Validator.check_schema(dict(schema))
    except SchemaError as err:
        place = "/".join(str(each) for each in err.absolute_path) or "its top"
        raise SchemaUnusable(f"the schema is no JSON Schema: {err.message[:200]}, at {place}", "mend it") from err
    if any(len(part.get("properties", ())) > MOST_PROPERTIES for part in _parts(schema)):
        raise SchemaUnusable(f"an object of the schema has more than {MOST_PROPERTIES} properties", "split it")
    problem = next((each for part in _parts(schema) for each in _unenforced(part)), None) if strict else None
    if problem:
        raise SchemaUnusable(f"the schema cannot be enforced: {problem}", "mend it, or give strict as false")


def _parts(schema: object) -> Iterator[Schema]:
    """Every schema within a schema, itself first."""
    if isinstance(schema, list):
        for each in schema:
            yield from _parts(each)
    if not isinstance(schema, Mapping):
        return
    yield schema
    for word, part in schema.items():
        if word in _MAPPED and isinstance(part, Mapping):
            for each in part.values():
                yield from _parts(each)
        elif word not in _NO_SCHEMAS:
            yield from _parts(part)


def _unenforced(schema: Schema) -> Iterator[str]:
    """What of one schema a grammar would leave out."""
    words = schema.keys() - _ANNOTATIONS
    for word in sorted(UNENFORCED & words):
        yield f"it uses {word}"
    for word in _ALONE:
        if word in words and len(words) > 1:
            yield f"it uses {word} beside {', '.join(sorted(words - {word}))}"
    if len(schema.get("allOf", ())) > 1:
        yield "it uses allOf with several schemas"
    if words & {"pattern", "format"} and words & _OF_LENGTH:
        yield "it bounds the length of a text that has a pattern or format"
    if words & _OF_LENGTH and "type" not in words:
        yield "it bounds the length of what need not be a text"
    if words & {"const", "enum"}:
        yield from _foreign_values(schema)
    if "properties" in words and schema.get("additionalProperties", False) is False:
        absent = sorted(set(schema.get("required", ())) - schema["properties"].keys())
        if absent:
            yield f"it requires {absent[0]}, which it has no property for"


def _foreign_values(schema: Schema) -> Iterator[str]:
    from jsonschema.validators import Draft202012Validator

    kind = Draft202012Validator({"type": schema["type"]} if "type" in schema else {})
    values = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
    if not all(kind.is_valid(value) for value in values):
        yield "it lists values that are not of its type"
