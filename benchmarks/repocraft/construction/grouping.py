"""Groups tests that show one capability: by file, class and the public name they call, without a model."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from repowright.benchmarks.repocraft.construction.records import FUNCTIONS, FoundTest
from repowright.benchmarks.repocraft.construction.words import class_words, phrase, test_words, words_of

MOST = 8
"""Tests in one group."""

_VAGUE = re.compile(
    r"|issue|bug|gh|invalid|custom|basic|simple|no|non|not|with|without|is|get|set|can|raises?|errors?|bad|empty|single"
    r"|multiple|all|any|default"
)
"""First words of a test's name that say nothing of what is tested."""

_MODERATE = 3 * MOST
"""Tests of a class that is about one thing."""

BY_SYNTAX = "syntax"


@dataclass(frozen=True)
class Group:
    """Tests of one file and class, and what they have in common.

    Parameters
    ----------
    cap
        Differs among the groups of one file and class.
    grouped_by
        As in ``Task.grouped_by``.
    """

    category: str
    file: str
    module: str
    cap: str
    tests: tuple[FoundTest, ...]
    grouped_by: str = BY_SYNTAX


def grouped(tests: Sequence[FoundTest], package: str) -> list[Group]:
    """Group tests that were kept; the order of the files and, inside one, of the tests stays."""
    found: list[Group] = []
    for _, members in by_class(tests):
        named = list(_named(members))
        found += [
            Group(category_of(part[0].file, package), part[0].file, module_of(part[0]), cap, tuple(part))
            for cap, part in _told_apart(named)
        ]
    return found


def by_class(tests: Sequence[FoundTest]) -> Iterator[tuple[tuple[str, str], list[FoundTest]]]:
    """Yield the tests of each file and class; those of a mixin stand with the class they run in."""
    ordered = sorted(tests, key=lambda test: (test.file, test.runs_as, test.span, test.name))
    for key, members in groupby(ordered, key=lambda test: (test.file, test.runs_as)):
        yield key, list(members)


def module_of(test: FoundTest) -> str:
    """Return ``class Name`` or ``functions``."""
    return FUNCTIONS if test.runs_as == FUNCTIONS else f"class {test.runs_as}"


def category_of(file: str, package: str) -> str:
    """Return the folder of a test file without the package's and those named for tests; the package if none is left.

    Examples
    --------
    >>> [category_of(each, "pandas") for each in ("pandas/tests/frame/methods/test_x.py", "tests/test_y.py")]
    ['frame/methods', 'pandas']
    """
    folders = [part for part in file.split("/")[:-1] if part not in {"tests", "test", "testing", "src", "lib"}]
    if folders[:1] == [package]:
        folders = folders[1:]
    return "/".join(folders) or package


def _named(tests: Sequence[FoundTest]) -> Iterator[tuple[str, list[FoundTest]]]:
    """Keep a small class whole, and divide all else."""
    if tests[0].runs_as != FUNCTIONS and len(tests) <= MOST:
        yield _subject(tests), list(tests)
        return
    yield from _in_turn(tests)


def _in_turn(tests: Sequence[FoundTest]) -> Iterator[tuple[str, list[FoundTest]]]:
    """By public names that the tests' own names speak of, by common first words, by other public names, alone."""
    left = list(tests)
    while name := _commonest(left, _is_spoken_of):
        yield name, [test for test in left if name in test.calls]
        left = [test for test in left if name not in test.calls]
    by_words = [pair for pair in _by_words(left) if len(pair[1]) > 1]
    yield from by_words
    left = _without(left, by_words)
    while name := _commonest(left, _is_of_project):
        yield name, [test for test in left if name in test.calls]
        left = [test for test in left if name not in test.calls]
    yield from _remaining(left, is_moderate=tests[0].runs_as != FUNCTIONS and len(tests) <= _MODERATE)


def _remaining(tests: Sequence[FoundTest], *, is_moderate: bool) -> Iterator[tuple[str, list[FoundTest]]]:
    """In a class of moderate size what is left is still about that class; elsewhere each test is a group of its own."""
    if not is_moderate:
        yield from ((" ".join(test_words(test.name)) or "behaviour", [test]) for test in tests)
        return
    for start in range(0, len(tests), MOST):
        part = list(tests[start : start + MOST])
        yield _subject(part), part


def _without(tests: Sequence[FoundTest], taken: Sequence[tuple[str, list[FoundTest]]]) -> list[FoundTest]:
    gone = {test for _, members in taken for test in members}
    return [test for test in tests if test not in gone]


def _subject(tests: Sequence[FoundTest]) -> str:
    """Return the public name of the project that most tests of a class call; without one, the words of the class."""
    counts = Counter(name for test in tests for name in test.calls if not name.startswith("."))
    name, number = min(counts.items(), key=lambda pair: (-pair[1], pair[0]), default=("", 0))
    return name if number * 2 > len(tests) else class_words(tests[0].runs_as) or "behaviour"


def _commonest(tests: Sequence[FoundTest], fits: Callable[[str, Sequence[FoundTest]], bool]) -> str:
    """Return the name that most tests call, though not too many of them; empty if none fits."""
    callers: dict[str, list[FoundTest]] = defaultdict(list)
    for test in tests:
        for name in test.calls:
            callers[name].append(test)
    able = [name for name, members in callers.items() if 2 <= len(members) <= MOST and fits(name, members)]
    # Among equals a name of the project says more than a method of some object.
    return min(able, key=lambda name: (-len(callers[name]), name.startswith("."), name), default="")


def _is_spoken_of(name: str, tests: Sequence[FoundTest]) -> bool:
    """Whether most of the tests have the words of a public name in their own names."""
    words = set(words_of(name.rpartition(".")[2]))
    return 2 * sum(words <= set(test_words(test.name)) for test in tests) > len(tests)


def _is_of_project(name: str, tests: Sequence[FoundTest]) -> bool:
    return not name.startswith(".")


def _by_words(tests: Sequence[FoundTest]) -> Iterator[tuple[str, list[FoundTest]]]:
    """Group tests by the first word of their names, and cut what is too long."""
    first = {test: (test_words(test.name) or [""])[0] for test in tests}
    for word in dict.fromkeys(first.values()):
        members = [test for test in tests if first[test] == word and not _VAGUE.fullmatch(word)]
        for start in range(0, len(members), MOST):
            part = members[start : start + MOST]
            yield (" ".join(_common_words(part)) or word), part


def _common_words(tests: Sequence[FoundTest]) -> list[str]:
    names = [test_words(test.name) for test in tests]
    common = []
    for parts in zip(*names, strict=False):
        if len(set(parts)) > 1:
            break
        common.append(parts[0])
    return common


def _told_apart(named: Sequence[tuple[str, list[FoundTest]]]) -> Iterator[tuple[str, list[FoundTest]]]:
    """Give capabilities of one name a number each."""
    seen: Counter[str] = Counter()
    for name, members in named:
        cap = phrase(name.rpartition(".")[2]) if "." in name else name
        seen[cap] += 1
        yield (cap if seen[cap] == 1 else f"{cap} ({seen[cap]})"), members
