"""Reads the JSON in an answer, whatever the model wrote around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from repowright.agent.llm.repair import Unusable

M = TypeVar("M", bound=BaseModel)

_THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)^[ \t]*\1[ \t]*$", re.DOTALL | re.MULTILINE)
_DECODER = json.JSONDecoder(strict=False)
_MOST_STARTS = 50


def without_thoughts(text: str) -> str:
    """``text`` without a byte order mark and without the reasoning some models put before the answer."""
    return _THOUGHTS.sub("", text.lstrip("\ufeff")).strip()


def json_values(text: str) -> Iterator[object]:
    """Candidates for the answer in ``text``, best first: all of it, fenced blocks, objects in prose."""
    plain = without_thoughts(text)
    for candidate in (plain, *(block[1] for block in _FENCE.findall(plain))):
        try:
            yield _DECODER.decode(candidate.strip())
        except (ValueError, RecursionError):
            continue
    yield from _in_prose(plain)


def _in_prose(text: str) -> Iterator[object]:
    end = 0
    for start in [match.start() for match in re.finditer(r"[{\[]", text)][:_MOST_STARTS]:
        if start < end:
            continue
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        yield value


def read_model(text: str, model: type[M]) -> M:
    """The first value in ``text`` that satisfies ``model``, without type coercion.

    Raises
    ------
    Unusable
        If there is none; the problems are those of the best candidate.
    """
    problems: list[str] = []
    for value in json_values(text):
        try:
            return model.model_validate_json(json.dumps(value), strict=True)
        except ValidationError as err:
            problems = problems or problems_of(err)
    raise Unusable(problems or [_no_json(text)])


def problems_of(error: ValidationError) -> list[str]:
    """What is wrong, a line for each place: where, what, and what stands there."""
    return [_problem(detail) for detail in error.errors(include_url=False)]


def _problem(detail: ErrorDetails) -> str:
    where = ".".join(str(part) for part in detail["loc"]) or "the answer"
    message = detail["msg"]
    if detail["type"] == "missing":
        return f"{where}: is missing"
    given = json.dumps(detail["input"], default=str, ensure_ascii=False)
    return f"{where}: {message}, not {given if len(given) <= 80 else given[:77] + '...'}"


def _no_json(text: str) -> str:
    if not text.strip():
        return "the answer is empty"
    try:
        _DECODER.decode(text[max(0, text.find("{")) :].strip())
    except (ValueError, RecursionError) as err:
        return f"the answer is not valid JSON: {err}"
    return "the answer holds no JSON object"
