"""Who else solved the very projects of a report: a rate of all projects says little beside one of the easy ones."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from repowright.benchmarks.translation.crust import plain_name
from repowright.benchmarks.translation.errors import CasesUnavailable

PROJECT, SOLVED = "rbench", "solved_by"
NOBODY = ("", "-")


class Beside(BaseModel):
    """Of the report's projects that the file knows, how many a system solved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: str
    projects: int
    passes: int


def beside(path: Path, projects: Iterable[str]) -> tuple[Beside, ...]:
    """Read who solved which project, and count over the given ones, the best first.

    Parameters
    ----------
    path
        Values apart by tabs, with a head: ``rbench`` is the project, ``solved_by`` systems apart by commas, or a dash.

    Raises
    ------
    CasesUnavailable
        If the file is not laid out so.
    """
    try:
        rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t"))
        solved = {
            plain_name(row[PROJECT]): [each for each in row[SOLVED].split(",") if each not in NOBODY] for row in rows
        }
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as err:
        hint = f"name a file of tabs with the columns {PROJECT} and {SOLVED}"
        raise CasesUnavailable(f"{path} does not tell who solved what", hint) from err
    mine = [plain_name(name) for name in projects if plain_name(name) in solved]
    systems = sorted({system for each in solved.values() for system in each})
    counts = Counter(system for name in mine for system in solved[name])
    found = [Beside(system=system, projects=len(mine), passes=counts[system]) for system in systems]
    return tuple(sorted(found, key=lambda each: -each.passes))
