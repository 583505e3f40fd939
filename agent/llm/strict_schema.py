"""JSON Schemas that strict structured output accepts, from pydantic models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

Schema = dict[str, Any]

_KEPT = {"type", "description", "enum", "items", "anyOf", "$ref"}
_TOLD = (
    "minLength", "maxLength", "pattern", "format", "minimum", "maximum", "exclusiveMinimum",
    "exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems",
)  # fmt: skip
"""Keywords that not every server takes: the description states them, and pydantic still checks them."""


def strict_schema(model: type[BaseModel]) -> Schema:
    """The schema of ``model`` with every object closed and every property required.

    Raises
    ------
    TypeError
        If the model holds what strict mode cannot say: a mapping with free keys or a tuple of fixed length.
    """
    whole = model.model_json_schema()
    schema = _strict(whole, model.__name__)
    definitions = {name: _strict(part, name) for name, part in whole.get("$defs", {}).items()}
    return schema | {"$defs": definitions} if definitions else schema


def _strict(part: Mapping[str, Any], where: str) -> Schema:
    if "$ref" in part:
        # Strict mode allows nothing beside a reference.
        return {"$ref": part["$ref"]}
    for keyword in ("allOf", "oneOf", "anyOf"):
        if keyword in part:
            options = [_strict(option, where) for option in part[keyword]]
            return options[0] if len(options) == 1 else _described(part, {"anyOf": options})
    _refuse_inexpressible(part, where)
    strict = {key: value for key, value in part.items() if key in _KEPT}
    if "const" in part:
        strict["enum"] = [part["const"]]
    if isinstance(part.get("items"), Mapping):
        strict["items"] = _strict(part["items"], f"{where}[]")
    if part.get("type") == "object":
        strict |= _closed(part, where)
    return _described(part, strict)


def _closed(part: Mapping[str, Any], where: str) -> Schema:
    properties = part.get("properties", {})
    return {
        "properties": {name: _strict(value, f"{where}.{name}") for name, value in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _refuse_inexpressible(part: Mapping[str, Any], where: str) -> None:
    if part.get("type") == "object" and part.get("additionalProperties") not in (None, False):
        raise TypeError(f"{where}: strict output knows no mapping with free keys; use a list of named pairs")
    if "prefixItems" in part:
        raise TypeError(f"{where}: strict output knows no tuple of fixed length; use an object")


def _described(part: Mapping[str, Any], strict: Schema) -> Schema:
    bounds = ", ".join(f"{keyword} {part[keyword]}" for keyword in _TOLD if keyword in part)
    texts = [text for text in (part.get("description", ""), f"({bounds})" if bounds else "") if text]
    return strict | {"description": " ".join(texts)} if texts else strict
