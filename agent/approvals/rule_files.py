"""Where rules are kept: a file of the user, and one of the project that counts only as this user saved it.

A repository can bring a file of rules along. Those that ask or deny are kept, those that allow are dropped unless
the file is, byte for byte, one that this user's program wrote: its hash then stands beside the user's own rules.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.approvals.rules import Rule
from repowright.agent.atomic import write_atomically
from repowright.agent.errors import SettingsError
from repowright.agent.settings import user_config
from repowright.agent.trusted_files import TrustedFiles

PROJECT_RULES = Path(".repowright") / "approvals.toml"
USER_RULES = "approvals.toml"
_TRUSTED = "approvals-trusted.json"
_LARGEST = 1_000_000

Scope = Literal["project", "user"]


class _RulesFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    rule: list[Rule] = []


@dataclass(frozen=True)
class StoredRules:
    """The rules that hold in a folder.

    Parameters
    ----------
    dropped
        Rules of the project's file that would allow something and were not saved by this user.
    """

    project: tuple[Rule, ...] = ()
    user: tuple[Rule, ...] = ()
    dropped: tuple[Rule, ...] = ()

    @property
    def all(self) -> tuple[Rule, ...]:
        """Every rule that counts."""
        return (*self.project, *self.user)


class RuleFiles:
    """Reads and writes the rules for one folder.

    Parameters
    ----------
    folder
        The project.
    user_folder
        Where the user's rules and the hashes of trusted files lie; see `user_folder_of`.
    """

    def __init__(self, folder: Path, user_folder: Path) -> None:
        self._folder = folder.resolve()
        self._project = self._folder / PROJECT_RULES
        self._user = user_folder / USER_RULES
        self._trusted = TrustedFiles(user_folder / _TRUSTED)

    def load(self) -> StoredRules:
        """Read both files; one that is missing holds no rules.

        Raises
        ------
        SettingsError
            If a file cannot be read, is not TOML, or holds something that is no rule.
        """
        content = _content(self._project)
        project = _parsed(self._project, content)
        user = _parsed(self._user, _content(self._user))
        if content and not self._trusted.holds(self._project, content):
            kept = tuple(rule for rule in project if rule.decision != "allow")
            dropped = tuple(rule for rule in project if rule.decision == "allow")
            return StoredRules(kept, user, dropped)
        return StoredRules(project, user)

    def save(self, rules: Sequence[Rule], scope: Scope) -> Path:
        """Add rules to a file and return it; rules that a repository brought along are not made one's own.

        Raises
        ------
        SettingsError
            If the file cannot be read or written.
        """
        if scope == "project" and not self._project.resolve().is_relative_to(self._folder):
            raise SettingsError(f"{self._project} is a link out of the project", "remove the link")
        stored = self.load()
        path = self._project if scope == "project" else self._user
        present = stored.project if scope == "project" else stored.user
        content = _written(tuple(dict.fromkeys((*present, *rules))))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            if scope == "project":
                self._trusted.trust(self._project, content)
            write_atomically(path, content)
        except OSError as err:
            raise SettingsError(f"cannot write {path}: {err.strerror}", "check its permissions") from err
        return path


def user_folder_of(environ: Mapping[str, str]) -> Path:
    """Return the folder of the user's configuration, where rules of all projects lie too."""
    return user_config(environ).parent


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError as err:
        raise SettingsError(f"cannot read {path}: {err.strerror}", "check its permissions") from err
    if len(content) > _LARGEST:
        raise SettingsError(f"{path} has more than {_LARGEST:,} bytes", "remove rules from it")
    return content


def _parsed(path: Path, content: bytes) -> tuple[Rule, ...]:
    try:
        return tuple(_RulesFile.model_validate(tomllib.loads(content.decode("utf-8"))).rule)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise SettingsError(f"{path} is not TOML: {err}", "correct the file") from err
    except ValidationError as err:
        first = err.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {where}: {first['msg']}", "correct the rule") from err


def _written(rules: Sequence[Rule]) -> bytes:
    blocks = ["# Which calls of the agent are allowed, asked about or denied; written when an approval is kept.\n"]
    for rule in rules:
        fields = {"decision": rule.decision, "tool": rule.tool, "pattern": rule.pattern}
        # A JSON string of visible characters is a TOML string too.
        lines = (f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in fields.items())
        blocks.append("\n[[rule]]\n" + "".join(lines))
    return "".join(blocks).encode()
