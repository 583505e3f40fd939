"""One configuration file: settings, and profiles, which are named sets of settings."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from repowright.agent.errors import SettingsError

_KEY_NAMES = frozenset({"api_key", "apikey", "key", "openai_api_key", "secret", "token"})


@dataclass(frozen=True)
class ConfigFile:
    """What a file says.

    Parameters
    ----------
    content
        The bytes that were read.
    profile
        The profile that holds when no other is chosen; empty if the file names none.
    profiles
        Settings by the name of their profile.
    """

    path: Path
    values: Mapping[str, object]
    content: bytes = b""
    profile: str = ""
    profiles: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def read_config_file(path: Path, known: Collection[str]) -> ConfigFile:
    """Read a file whose settings must be among ``known``.

    Raises
    ------
    SettingsError
        If the file cannot be read, a name is unknown, or a key stands in it.
    """
    content = _content(path)
    values = _parsed(path, content)
    profile, profiles = values.pop("profile", ""), values.pop("profiles", {})
    if not isinstance(profile, str):
        raise SettingsError(f"{path}: profile must be the name of a profile", "name one of [profiles.NAME]")
    if not isinstance(profiles, dict) or not all(isinstance(each, dict) for each in profiles.values()):
        raise SettingsError(f"{path}: profiles must be tables", "write each as [profiles.NAME] and its settings below")
    for each in (values, *profiles.values()):
        for name in each:
            _check_name(name, path, known)
    return ConfigFile(path, values, content, profile, profiles)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as err:
        raise SettingsError(f"cannot read {path}: {err.strerror}", "check its permissions") from err


def _parsed(path: Path, content: bytes) -> dict[str, object]:
    try:
        values: dict[str, object] = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise SettingsError(f"{path} is not TOML: {err}", "correct the file") from err
    return values


def _check_name(name: str, path: Path, known: Collection[str]) -> None:
    if name.lower() in _KEY_NAMES:
        raise SettingsError(f"{path} holds a key ({name})", "remove it and export OPENAI_API_KEY instead")
    if name == "unsafe_local":
        raise SettingsError(f"{path} sets unsafe_local", "it is a flag alone: --unsafe-local")
    if name not in known:
        near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
        raise SettingsError(
            f"{path} sets {name}, which is not a setting",
            f"did you mean {near[0]}?" if near else "see docs/cli.md for the settings",
        )
