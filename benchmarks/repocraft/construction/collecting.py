"""Decides which classes a test runner collects, and where the tests of the others run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from repowright.benchmarks.repocraft.construction.records import FUNCTIONS, FoundClass, FoundFile, FoundTest, Reason

_DEEPEST = 20


class Collector:
    """The classes of all test files of a release.

    Parameters
    ----------
    read
        Reads a module that is no test file but that test classes inherit from; `None` if it is not of the release.
    unittest_only
        Whether the project's own runner collects ``unittest`` classes alone, as Django's does.
    """

    def __init__(
        self, files: Sequence[FoundFile], read: Callable[[str], FoundFile | None], *, unittest_only: bool
    ) -> None:
        self._read = read
        self._unittest_only = unittest_only
        self._modules = {each.module for each in files}
        self._classes = {f"{each.module}.{cls.name}": cls for each in files for cls in each.classes}
        # Imports name modules from the place they are found in, such as the folder of a test runner.
        self._ends = {name.split(".", depth)[-1]: name for name in sorted(self._classes) for depth in (1, 2)}

    def settled(self, file: FoundFile) -> list[FoundTest]:
        """Return a file's tests, each with the class it runs in, or with the reason why it never runs."""
        return [self._settle(file, test) for test in file.tests]

    def _settle(self, file: FoundFile, test: FoundTest) -> FoundTest:
        if test.owner == FUNCTIONS:
            return _left_out(test, "the runner collects classes alone") if self._unittest_only else test
        owner = self._classes[f"{file.module}.{test.owner}"]
        if self._collects(owner, file.module):
            return test
        heirs = [each for each in file.classes if self._inherits(each, owner, test.name, file.module)]
        if not heirs:
            return _left_out(test, f"{test.owner} is no test class, and none of this file inherits from it")
        heir = next((each for each in heirs if each.reason is None), heirs[0])
        return replace(test, runs_as=heir.name, reason=test.reason or heir.reason)

    def _inherits(self, heir: FoundClass, owner: FoundClass, method: str, module: str) -> bool:
        if heir is owner or method in heir.defines or not self._collects(heir, module):
            return False
        return any(each is owner for each in self._lineage(heir, module))

    def _collects(self, cls: FoundClass, module: str) -> bool:
        lineage = list(self._lineage(cls, module))
        flags = [each.has_test_flag for each in lineage if each.has_test_flag is not None]
        if flags and not flags[0]:
            return False
        if any(base.rpartition(".")[2].endswith("TestCase") for each in lineage for base in each.bases):
            return True
        named = cls.name.rpartition("::")[2].startswith("Test")
        return named and not self._unittest_only and not any(each.has_init for each in lineage)

    def _lineage(self, cls: FoundClass, module: str, depth: int = 0) -> Iterator[FoundClass]:
        """Yield a class and the known ones it inherits from, nearest first."""
        yield cls
        if depth > _DEEPEST:
            return
        for base in cls.bases:
            found = self._find(base, cls, module)
            if found is not None:
                yield from self._lineage(found[0], found[1], depth + 1)

    def _find(self, base: str, cls: FoundClass, module: str) -> tuple[FoundClass, str] | None:
        self._look_into(base.rpartition(".")[0])
        for name in (f"{module}.{base}", base, self._ends.get(base, "")):
            found = self._classes.get(name)
            if found is not None and found is not cls:
                return found, name.removesuffix(f".{found.name}")
        return None

    def _look_into(self, module: str) -> None:
        if not module or module in self._modules:
            return
        self._modules.add(module)
        found = self._read(module)
        for cls in found.classes if found is not None else ():
            self._classes.setdefault(f"{module}.{cls.name}", cls)


def _left_out(test: FoundTest, why: str) -> FoundTest:
    return replace(test, reason=Reason("not-collectable", why))
