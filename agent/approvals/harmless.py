"""Commands that only look, and commands that reach out or destroy; all others lie between."""

from __future__ import annotations

import re
from collections.abc import Sequence

from repowright.agent.approvals.command_names import LOOKING, LOOKING_IN_GIT, REACHING, REACHING_IN_GIT
from repowright.agent.approvals.shell_parts import Part

_LOOKS = frozenset(LOOKING.split())
_GIT_LOOKS = frozenset(LOOKING_IN_GIT.split())
# Programs take the start of a long option for the whole, so the patterns begin early.
_ACTS = {
    "date": r"-s.*|--s.*|[0-9]+",
    "fd": r"-[a-zA-Z]*[xX].*|--exec.*",
    "find": r"-delete|-fprint.*|-fls|-files0-from",
    "git": r"-[a-zA-Z]*O.*|--(ou|op|e|te|no-i|u|fi).*",
    "printf": r"-v.*|.*\[.*",
    "rg": r"-[a-zA-Z]*z.*|--(pre|hostname-bin|search-zip).*",
    "sort": r"-[a-zA-Z]*[oT].*|--(o|co|t|f).*",
    "tail": r"-[a-zA-Z0-9]*[fF].*|--[fpr].*",
    "test": r".*\[.*|-v",
}
_AWAY = re.compile(r"(^|[=:,])[~/]|(^|/)\.\.(/|$)|=\.\.(/|$)|^-[A-Za-z]+/|://")
_OWN_TEMPORARY = re.compile(r"/tmp/(?!.*\.\.)[\w./-]+")
_REACHES = frozenset(REACHING.split())
_REACHES_BY_WORD = {
    "git": frozenset(REACHING_IN_GIT.split()),
    "npm": frozenset({"publish", "login", "adduser", "token", "exec", "install", "i", "ci"}),
    "pnpm": frozenset({"publish", "login", "dlx", "install", "add"}),
    "yarn": frozenset({"publish", "login", "dlx", "npm", "install", "add"}),
    "pip": frozenset({"install", "uninstall", "download", "config"}),
    "pip3": frozenset({"install", "uninstall", "download", "config"}),
    "uv": frozenset({"publish", "pip", "add", "sync", "tool"}),
    "cargo": frozenset({"publish", "login", "install", "owner", "yank"}),
    "poetry": frozenset({"publish", "install", "add", "config"}),
}


def only_looks(part: Part) -> bool:
    """Whether a program changes nothing, starts nothing else and looks at nothing outside of the folder."""
    words = [word.text for word in part.words]
    if not words or not part.words[0].certain or any(_AWAY.search(word) for word in words):
        return False
    if words[1:] in (["--version"], ["-V"]):
        return True
    unsure = [word.text for word in part.words if not word.certain]
    if words[0] != "echo" and any(re.search(r"[$`(]", text) for text in unsure):
        return False
    # What a pattern or a list of names becomes may begin with a dash, and so be an option.
    if words[0] in {*_ACTS, "git", "["} and any(not text[0].isalnum() for text in unsure):
        return False
    if words[0] == "git":
        return _git_looks(words)
    return words[0] in _LOOKS and not _acts(words[0], words[1:])


def danger(part: Part, isolated: bool = False) -> str:
    """Return what makes a command more than work on a copy of the folder; empty if nothing does.

    Parameters
    ----------
    isolated
        Whether it runs in a sandbox, whose ``/tmp`` is its own and goes away with it.
    """
    words = [word.text for word in part.words if not word.assigns]
    if not words:
        return ""
    words = _module(words)
    name = words[0].rpartition("/")[2]
    if any(word.assigns for word in part.words):
        return "it sets variables that change what a program does"
    if name in _REACHES:
        return f"{name} reaches beyond the folder"
    if not part.certain and name in _REACHES_BY_WORD:
        return f"what {name} is told is known only when it runs"
    if name == "git" and words[1:2] and words[1].startswith("-") and words[1] not in ("--no-pager", "--version"):
        return "options in front of a command of git can make it run other programs"
    reached = sorted(_REACHES_BY_WORD.get(name, frozenset()) & set(words[1:]))
    if reached:
        return f"{name} {reached[0]} reaches beyond the folder or cannot be undone"
    if name == "rm" and any(re.fullmatch(r"-[a-zA-Z]*[rR][a-zA-Z]*|--recursive", word) for word in words[1:]):
        return "rm removes whole folders"
    if any(_AWAY.search(word) for word in words if not (isolated and _OWN_TEMPORARY.fullmatch(word))):
        return "it names a place outside of the folder"
    return ""


def _module(words: list[str]) -> list[str]:
    """Return ``python -m pip install`` as ``pip install``; any other command as it is."""
    runs_module = re.fullmatch(r"(.*/)?python[0-9.]*", words[0]) and "-m" in words[1:-1]
    return words[words.index("-m") + 1 :] if runs_module else words


def _git_looks(words: Sequence[str]) -> bool:
    rest = [word for word in words[1:] if word != "--no-pager"]
    return bool(rest) and rest[0] in _GIT_LOOKS and not _acts("git", rest[1:])


def _acts(name: str, arguments: Sequence[str]) -> bool:
    pattern = _ACTS.get("test" if name == "[" else name)
    return pattern is not None and any(re.fullmatch(pattern, argument, re.DOTALL) for argument in arguments)
