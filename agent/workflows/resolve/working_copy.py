"""A copy of the repository in memory that a model edits; the user's folder is never written to."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from pathlib import PurePosixPath

from repowright.agent.workflows.resolve.patch import file_patch
from repowright.agent.workflows.resolve.source_tree import SourceTree
from repowright.repo_tools.edit import unified_diff
from repowright.repo_tools.errors import EditError
from repowright.repo_tools.python_source import syntax_error

MOST_CHARACTERS = 400_000
"""Of a file that is edited or made."""

_RUNS_BY_ITSELF = (
    ".git",
    ".github",
    ".gitlab",
    ".circleci",
    ".gitlab-ci.yml",
    ".pre-commit-config.yaml",
    "Jenkinsfile",
)
_STEERS_TESTS = frozenset(
    ["conftest.py", "pytest.ini", ".pytest.ini", "tox.ini", "sitecustomize.py", "usercustomize.py"]
)


class WorkingCopy:
    """Files of a repository with changes on top.

    Parameters
    ----------
    kept
        Paths that may not be changed: existing tests, which say what must stay as it is.
    changed
        Text of changed and new files by path.
    """

    def __init__(
        self, tree: SourceTree, kept: Collection[str] = frozenset(), changed: Mapping[str, str] | None = None
    ) -> None:
        self._tree = tree
        self._kept = kept
        self.changed: dict[str, str] = dict(changed or {})

    def text(self, path: str) -> str | None:
        """Return a file as it stands now; ``None`` if there is none or it is not UTF-8 text."""
        return self.changed.get(path, self._tree.text(path))

    def files(self, beside: Mapping[str, str] | None = None) -> dict[str, bytes]:
        """Return the whole tree as it stands now, with further files beside it."""
        laid = {**self.changed, **(beside or {})}
        return {**self._tree.files, **{path: text.encode() for path, text in laid.items()}}

    def replace(self, path: str, old: str, new: str) -> str:
        """Replace text that stands exactly once in a file, and return the change as a diff.

        Raises
        ------
        EditError
            If the file may not be edited, or the text is not there once.
        """
        self._check(path)
        text = self.text(path)
        if text is None:
            raise EditError(f"{path} is not there, or is no UTF-8 text", "create it, or read the right path")
        if "\r\n" in text and "\r\n" not in old:
            old, new = old.replace("\n", "\r\n"), new.replace("\n", "\r\n")
        count = text.count(old) if old else 0
        if count != 1:
            raise EditError(f"the old text stands {count} times in {path}, not once", _advice(text, old, count))
        return self._put(path, text.replace(old, new))

    def create(self, path: str, content: str) -> str:
        """Make a new file, and return it as a diff.

        Raises
        ------
        EditError
            If the path cannot be used or the file is there.
        """
        self._check(path)
        if path in self._tree.files or path in self.changed:
            raise EditError(f"{path} is there already", "replace text in it")
        if any(other.startswith(f"{path}/") for other in self._tree.files):
            raise EditError(f"{path} is a folder", "name a file in it")
        return self._put(path, content if content.endswith("\n") or not content else f"{content}\n")

    def diff(self) -> str:
        """Return all changes as one diff."""
        return self.patch()

    def patch(self, beside: Mapping[str, str] | None = None) -> str:
        """Return all changes, and further new files, in the format of git; empty if nothing differs."""
        laid = {**self.changed, **(beside or {})}
        return "".join(file_patch(self._tree.text(path), laid[path], path) for path in sorted(laid))

    def changed_lines(self) -> dict[str, list[int]]:
        """Return the lines of the original files that changed, by path; of new files none are told."""
        found = {}
        for path, text in sorted(self.changed.items()):
            before = self._tree.text(path)
            if before is not None and before != text:
                found[path] = _changed(before.split("\n"), text.split("\n"))
        return found

    def problems(self) -> list[str]:
        """Return why changed Python files do not parse, one line each."""
        told = ((path, syntax_error(text)) for path, text in sorted(self.changed.items()) if path.endswith(".py"))
        return [f"{path} does not parse: {problem}" for path, problem in told if problem]

    def _put(self, path: str, text: str) -> str:
        if len(text) > MOST_CHARACTERS:
            raise EditError(f"{path} would have {len(text):,} characters", f"at most {MOST_CHARACTERS:,} can be edited")
        before = self.text(path)
        if text == self._tree.text(path):
            self.changed.pop(path, None)
        else:
            self.changed[path] = text
        problem = syntax_error(text) if path.endswith(".py") else ""
        warned = f"\nthe file does not parse now: {problem}" if problem else ""
        return f"{unified_diff(before, text, path)}{warned}"

    def _check(self, path: str) -> None:
        check_path(path)
        if path in self._kept:
            raise EditError(f"{path} is an existing test or steers the tests", "change the code; tests stay")
        if path.rpartition("/")[2] in _STEERS_TESTS:
            raise EditError(f"{path} steers the tests", "change the code that is at fault")


def check_path(path: str) -> None:
    """Check that a path lies in the repository and is nothing that a host or git runs by itself.

    Raises
    ------
    EditError
        If it is not.
    """
    parts = path.split("/")
    plain = path.isprintable() and "\\" not in path and path == path.strip()
    if not plain or PurePosixPath(path).is_absolute() or not {"", ".", ".."}.isdisjoint(parts):
        raise EditError(f"{path!r} is no path inside the repository", "give it relative, as src/shop/cart.py")
    if ".git" in parts or parts[0] in _RUNS_BY_ITSELF:
        raise EditError(f"{path} is run by git or a build service, and is not edited here", "change the code")


def steers_tests(path: str) -> bool:
    """Tell whether a file decides which tests run and how."""
    return path.rpartition("/")[2] in _STEERS_TESTS


def _changed(before: list[str], after: list[str]) -> list[int]:
    """Return the 1-based lines of ``before`` that changed; of an insertion the line above it."""
    same = _shared(before, after)
    below = _shared(before[same:][::-1], after[same:][::-1])
    old, new = before[same : len(before) - below], after[same : len(after) - below]
    lines: set[int] = set()
    for kind, first, last, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "insert":
            lines.add(max(same + first, 1))
        elif kind != "equal":
            lines.update(range(same + first + 1, same + last + 1))
    return sorted(lines)


def _shared(one: list[str], other: list[str]) -> int:
    """Return how many lines both begin with."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _advice(text: str, old: str, count: int) -> str:
    if count:
        return "take more lines around it"
    first = next((line for line in old.splitlines() if line.strip()), "")
    near = difflib.get_close_matches(first, text.splitlines(), n=1, cutoff=0.6)
    return f"the line nearest to its first is {near[0]!r}" if near else "read the file, and copy the lines exactly"
