"""JSON Schemas at random, of the words that a grammar enforces."""

from __future__ import annotations

from random import Random
from typing import Any

Schema = dict[str, Any]

_WORDS = ("name", "age", "city", "is open", "größe", 'quoted "word"', "a/b", "x", "list", "total")
_VALUES: tuple[Any, ...] = ("red", "two words", "ü", 'say "yes"', 0, -7, 2.5, True, False, None, "back\\slash")
_PATTERNS = (r"^[a-z]{2,5}$", r"^\d{3}-\d{2}$", r"^(yes|no)$", r"^[A-Z][a-z]*$")
_FORMATS = ("date", "time", "ipv4", "uuid", "date-time")


def random_schema(random: Random, depth: int = 3) -> Schema:
    """Return a schema, nested at most so deep."""
    kinds = [_text, _number, _choice, _constant, _plain]
    if depth:
        kinds += [_object, _object, _array, _either]
    return random.choice(kinds)(random, depth)


def object_schema(random: Random, depth: int = 3) -> Schema:
    """Return a schema of objects, nested at most so deep; some refer to definitions, some to themselves."""
    schema = _object(random, depth)
    if random.random() < 0.2:
        schema["$defs"] = {"part": random_schema(random, 1)}
        schema["properties"]["part"] = {"$ref": "#/$defs/part"}
    if random.random() < 0.1:
        schema["properties"]["inner"] = {"anyOf": [{"type": "null"}, {"$ref": "#"}]}
    return schema


def _object(random: Random, depth: int) -> Schema:
    names = random.sample(_WORDS, random.randint(0, 4))
    required = [name for name in names if random.random() < 0.7]
    properties = {name: random_schema(random, depth - 1) for name in names}
    closed: Schema = {"additionalProperties": False} if random.random() < 0.7 else {}
    return {"type": "object", "properties": properties, "required": required, **closed}


def _array(random: Random, depth: int) -> Schema:
    if random.random() < 0.2:
        items = [random_schema(random, depth - 1) for _ in range(random.randint(1, 3))]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
    least = random.randint(0, 2)
    bounds: Schema = {"minItems": least, "maxItems": least + random.randint(0, 2)} if random.random() < 0.7 else {}
    return {"type": "array", "items": random_schema(random, depth - 1), **bounds}


def _either(random: Random, depth: int) -> Schema:
    return {"anyOf": [random_schema(random, depth - 1) for _ in range(random.randint(1, 3))]}


def _text(random: Random, depth: int) -> Schema:
    drawn = random.random()
    if drawn < 0.2:
        return {"type": "string", "pattern": random.choice(_PATTERNS)}
    if drawn < 0.4:
        return {"type": "string", "format": random.choice(_FORMATS)}
    least = random.randint(0, 4)
    return (
        {"type": "string", "minLength": least, "maxLength": least + random.randint(0, 12)}
        if drawn < 0.8
        else {"type": "string"}
    )


def _number(random: Random, depth: int) -> Schema:
    if random.random() < 0.3:
        return {"type": random.choice(["integer", "number"])}
    least = random.randint(-1000, 1000)
    return {"type": "integer", "minimum": least, "maximum": least + random.randint(0, 5000)}


def _choice(random: Random, depth: int) -> Schema:
    return {"enum": random.sample(_VALUES, random.randint(1, 4))}


def _constant(random: Random, depth: int) -> Schema:
    return {"const": random.choice(_VALUES)}


def _plain(random: Random, depth: int) -> Schema:
    return {"type": random.choice(["boolean", "null", ["string", "null"]])}
