"""What C keeps in variables between calls: Rust has it a second time, so all that use it must be on one side."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from repowright.agent.workflows.translate.checks.crate import CProgram
from repowright.repo_tools.c_text import read_variables

_WORD = re.compile(rb"[A-Za-z_]\w*")


@dataclass(frozen=True)
class KeptState:
    """The variables of a program that keep their value and may be written.

    Parameters
    ----------
    users
        Functions that name a variable, by file and name of it.
    reached
        Functions that a function comes to, itself among them.
    """

    users: Mapping[tuple[str, str], frozenset[str]]
    reached: Mapping[str, frozenset[str]]

    def together(self, names: Collection[str]) -> frozenset[str]:
        """Functions with all that use what they keep."""
        found = set(names)
        while True:
            kept = {each for name in found for each in self.reached.get(name, ())}
            more = {user for users in self.users.values() if users & kept for user in users} - found
            if not more:
                return frozenset(found)
            found |= more

    def divided(self, name: str, live: Collection[str], mains: bytes) -> str:
        """Return why a function cannot leave C alone: what it keeps is used by functions that stay; or nothing.

        Parameters
        ----------
        live
            Functions that stay in C and are called.
        mains
            Text of the programs.
        """
        for (_, variable), users in self.users.items():
            if not self.reached.get(name, frozenset()) & users:
                continue
            staying = sorted((users & set(live)) - {name})
            if staying:
                return f"it uses the variable {variable}, which {staying[0]} uses too, and that stays in C"
            if re.search(rb"\bextern\b[^;]*\b%s\b" % re.escape(variable).encode(), mains):
                return f"it uses the variable {variable}, which a program uses too"
        return ""


def kept_state(program: CProgram) -> KeptState:
    """Read which functions of a program use which of its variables."""
    words: dict[str, set[str]] = {}
    files: dict[str, set[str]] = {}
    for path, functions in program.functions().items():
        for each in functions:
            body = program.files[path][each.body : each.end]
            words.setdefault(each.name, set()).update(word.decode() for word in _WORD.findall(body))
            files.setdefault(path, set()).add(each.name)
    users: dict[tuple[str, str], frozenset[str]] = {}
    for path in program.sources:
        for variable in read_variables(program.files[path]):
            seen = {variable.function} if variable.function else files.get(path, set())
            seen = seen if variable.is_static else set(words)
            named = frozenset(each for each in seen if variable.name in words.get(each, set()))
            users[(path, variable.name)] = users.get((path, variable.name), frozenset()) | named
    return KeptState(users, {each: _reached(each, words) for each in words})


def _reached(name: str, words: Mapping[str, set[str]]) -> frozenset[str]:
    found, waiting = {name}, [name]
    while waiting:
        more = (words[waiting.pop()] & words.keys()) - found
        found |= more
        waiting += more
    return frozenset(found)
