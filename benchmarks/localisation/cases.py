"""Cases: an issue's text, a commit, and what the fix changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Level = Literal["file", "class", "function"]
LEVELS: tuple[Level, ...] = ("file", "class", "function")


class CasesError(Exception):
    """A file of cases or predictions that cannot be used."""

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Case:
    """One issue and its fix.

    Parameters
    ----------
    stratum
        What the text gives away: ``a path, module or file``, ``a function or class``, ``nothing``.
    gold
        What the fix changed at each level; a level without any leaves its denominator.
    """

    id: str
    dataset: str
    repository: str
    commit: str
    text: str
    stratum: str
    gold: dict[Level, frozenset[str]]


@dataclass(frozen=True)
class Prediction:
    """Ranked answers to one case, best first.

    Parameters
    ----------
    effort
        What it took, as far as the run says: ``steps``, ``tokens``, ``usd``.
    """

    id: str
    ranked: dict[Level, tuple[str, ...]]
    seconds: float
    effort: dict[str, float] = field(default_factory=dict)


EFFORTS = ("steps", "tokens", "usd")


STRATA = ("a path, module or file", "a function or class", "nothing")


def read_cases(path: Path, datasets: Iterable[str] = ()) -> list[Case]:
    """Return the cases of a JSONL file, in its order.

    Raises
    ------
    CasesError
        If a line is no case.
    """
    wanted = frozenset(datasets)
    found = [_case(row, path, number) for number, row in _rows(path)]
    return [case for case in found if not wanted or case.dataset in wanted]


def read_predictions(path: Path) -> dict[str, Prediction]:
    """Return the predictions of a JSONL file by case; of two for one case the later.

    Raises
    ------
    CasesError
        If a line is no prediction.
    """
    found: dict[str, Prediction] = {}
    for number, row in _rows(path):
        try:
            ranked: dict[Level, tuple[str, ...]] = {
                "file": unique(row.get("files", ())),
                "class": unique(row.get("classes", ())),
                "function": unique(row.get("functions", ())),
            }
            effort = {name: float(row[name]) for name in EFFORTS if name in row}
            found[row["instance_id"]] = Prediction(row["instance_id"], ranked, float(row.get("seconds", 0.0)), effort)
        except (KeyError, TypeError, ValueError) as err:
            raise CasesError(f"line {number} of {path} is no prediction: {err!r}") from err
    return found


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Return the items without repetitions, in their order."""
    return tuple(dict.fromkeys(items))


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as err:
        raise CasesError(f"cannot read {path}: {err}", "give a JSONL file") from err
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                found.append((number, json.loads(line)))
            except ValueError as err:
                raise CasesError(f"line {number} of {path} is no JSON: {err}", "give a JSONL file") from err
    return found


def _case(row: dict[str, Any], path: Path, number: int) -> Case:
    try:
        gold: dict[Level, frozenset[str]] = {
            "file": frozenset(row["gold_files"]),
            "class": frozenset(row.get("gold_classes", ())),
            "function": frozenset(row["gold_functions"]),
        }
        return Case(
            row["instance_id"],
            row.get("dataset", ""),
            row["repo"],
            row["base_commit"],
            row["problem_statement"],
            _stratum(row.get("leak") or {}),
            gold,
        )
    except (KeyError, TypeError) as err:
        raise CasesError(f"line {number} of {path} is no case: {err!r}", "see the fields of Case") from err


def _stratum(leak: object) -> str:
    given = {name for name, told in leak.items() if told} if isinstance(leak, dict) else set()
    if given & {"path", "module", "basename"}:
        return STRATA[0]
    return STRATA[1] if given & {"func", "cls"} else STRATA[2]
