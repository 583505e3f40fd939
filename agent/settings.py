"""What the user may set, and where it is read from.

Later sources win: defaults, the user's ``config.toml``, ``./repowright.toml``, the profile these files choose, what a
run remembers, a profile that the environment or a flag chooses, the environment, the flags. Keys are read from the
environment alone and are part of no setting.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from repowright.agent.config_file import ConfigFile, read_config_file
from repowright.agent.errors import ModelAuth, NoModel, SettingsError
from repowright.agent.trusted_files import TrustedFiles

PROJECT_FILE = "repowright.toml"
PROFILE_VARIABLE = "REPOWRIGHT_PROFILE"

GUARDED = ("base_url", "api_key_env", "budget", "prices")
"""Where a key goes and what may be spent: a project's file may set these only once the user trusts it."""
_TRUSTED = "projects-trusted.json"

LOCAL = "local:"
"""Begins the names of models that run in this process; behind it a name or a path."""

_ENVIRONMENT_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,63}")


class ModelPrice(BaseModel):
    """What one million tokens cost, in US dollars."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """As ``input`` when not given."""


class RequestShape(BaseModel):
    """The settings that decide which requests a run makes; a recording answers only under the same ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = ""
    """The model's name, as the endpoint knows it."""
    temperature: float = Field(default=0.0, ge=0, le=2)
    proposal_rounds: int = Field(default=6, ge=1, le=50)
    """How often the proposal is widened at most."""
    lint_rounds: int = Field(default=3, ge=0, le=20)
    """How often a stage is mended after the plan's checks."""
    reply_repairs: int = Field(default=2, ge=0, le=10)
    """How often the model is told what was wrong with one answer."""
    unit_repairs: int = Field(default=4, ge=0, le=50)
    """How often a failing unit is repaired."""
    votes: int = Field(default=3, ge=1, le=15)
    """How many judgements say who is to blame for a failing test."""


class Settings(RequestShape):
    """Everything that can be set."""

    base_url: str = ""
    """The endpoint; the client's own default when empty."""
    api_key_env: str = "OPENAI_API_KEY"
    """The environment variable that holds the key."""
    timeout_s: float = Field(default=300, gt=0, allow_inf_nan=False)
    """Seconds one try of a call may take."""
    idle_timeout_s: float = Field(default=60, gt=0, allow_inf_nan=False)
    """Seconds an answer may pause."""
    suite_timeout_s: float = Field(default=60, gt=0, le=3600, allow_inf_nan=False)
    """Seconds one run of generated tests may take."""
    parallel: int = Field(default=4, ge=1, le=256)
    """Calls to the model, and sandboxes, at a time."""
    budget: str = ""
    """``5usd``, ``2Mtok``, or both with a comma; no limit when empty."""
    sandbox: Literal["auto", "docker", "bubblewrap", "local"] = "auto"
    unsafe_local: bool = False
    """Allow the sandbox ``local``, which isolates nothing; by flag alone."""
    prices: Mapping[str, ModelPrice] = Field(default_factory=dict)
    """By model name; used before the built-in table."""

    @field_validator("api_key_env")
    @classmethod
    def _names_a_variable(cls, value: str) -> str:
        if not _ENVIRONMENT_NAME.fullmatch(value):
            raise ValueError("is the name of an environment variable in capitals, not the key itself")
        return value

    @field_validator("base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValueError("must be an address such as http://localhost:8000/v1")
        return value.rstrip("/")

    @property
    def shape(self) -> RequestShape:
        """The part that decides which requests are made."""
        return RequestShape.model_validate(self.model_dump(include=set(RequestShape.model_fields)))

    @property
    def endpoint(self) -> str:
        """Host and port of the endpoint, without credentials, path or query; nothing for a model of this process."""
        return "" if self.is_local else endpoint_of(self.base_url)

    @property
    def is_local(self) -> bool:
        """Whether the model runs in this process, and needs neither endpoint nor key."""
        return self.model.startswith(LOCAL)

    def with_shape(self, shape: RequestShape) -> Settings:
        """Return the settings a recording or an earlier run was made with, on top of these."""
        return self.model_copy(update=shape.model_dump(include=set(RequestShape.model_fields)))

    def api_key(self, environ: Mapping[str, str]) -> str:
        """Return the key, or an empty text when the environment has none."""
        return environ.get(self.api_key_env, "").strip()

    def require_model(self, environ: Mapping[str, str]) -> None:
        """Check that a model can be asked at all.

        Raises
        ------
        NoModel
            If no model is named.
        ModelAuth
            If the default endpoint would be asked without a key.
        """
        if not self.model:
            raise NoModel("no model is set", "give --model NAME, or set REPOWRIGHT_MODEL; see repowright doctor")
        if not self.is_local and not self.base_url and not self.api_key(environ):
            raise ModelAuth(
                f"no key: {self.api_key_env} is not set",
                f"export {self.api_key_env}, or name another endpoint with --base-url",
            )


class RunSettings(RequestShape):
    """What a run remembers of the settings it was started with; never a key."""

    base_url: str = ""
    budget: str = ""
    sandbox: Literal["auto", "docker", "bubblewrap", "local"] = "auto"
    parallel: int = 4


@dataclass(frozen=True)
class Flags:
    """Settings given on the command line; ``None`` where the flag was not given."""

    model: str | None = None
    base_url: str | None = None
    budget: str | None = None
    parallel: int | None = None
    sandbox: str | None = None
    unsafe_local: bool | None = None
    temperature: float | None = None
    timeout_s: float | None = None
    profile: str | None = None
    """The profile to take settings from; itself no setting."""


@dataclass(frozen=True)
class Origin:
    """One setting with the place its value comes from."""

    name: str
    value: object
    source: str


@dataclass(frozen=True)
class _Source:
    name: str
    values: Mapping[str, object] = field(default_factory=dict)


def load_settings(
    flags: Flags,
    environ: Mapping[str, str],
    project: Path,
    remembered: RunSettings | None = None,
    recorded: RequestShape | None = None,
) -> Settings:
    """Merge every source into one set of settings.

    Parameters
    ----------
    project
        The folder in which ``repowright.toml`` is looked for.
    remembered
        Those of the run to resume; its model, temperature and rounds cannot be changed any more.
    recorded
        Those of the recording to replay; of them the model, temperature and rounds alone are taken.

    Raises
    ------
    SettingsError
        If a file cannot be read, a name is unknown, a value does not fit, or a key stands in a file.
    """
    settings = _merge(_sources(flags, environ, project, remembered))
    pinned = remembered or recorded
    if pinned is None:
        return settings
    if flags.model is not None and flags.model != pinned.model:
        raise SettingsError(
            f"the run was made with the model {pinned.model}, not {flags.model}",
            "start a new run for another model",
        )
    return settings.with_shape(pinned)


def origins(flags: Flags, environ: Mapping[str, str], project: Path) -> tuple[Origin, ...]:
    """Return every setting that a file can hold with its value and where that comes from; raises as `load_settings`."""
    sources = _sources(flags, environ, project, None)
    settings = _merge(sources)
    places = {name: source.name for source in sources for name in source.values}
    shown = settings.model_copy(update={"base_url": _without_credentials(settings.base_url)})
    return tuple(
        Origin(name, getattr(shown, name), places.get(name, "the defaults"))
        for name in Settings.model_fields
        if name != "unsafe_local"
    )


def profiles(environ: Mapping[str, str], project: Path) -> dict[str, tuple[Path, ...]]:
    """Return the names of all profiles, sorted, with the files that say something of them, weakest first."""
    found: dict[str, tuple[Path, ...]] = {}
    for file in _read_files(environ, project):
        for name in file.profiles:
            found[name] = (*found.get(name, ()), file.path)
    return dict(sorted(found.items()))


def trust_project(environ: Mapping[str, str], project: Path) -> ConfigFile:
    """Let a project's file, as it is now, say where keys go and what may be spent; return it.

    Raises
    ------
    SettingsError
        If there is no such file, it cannot be read, or that cannot be kept.
    """
    path = project / PROJECT_FILE
    if not path.is_file():
        raise SettingsError(f"there is no {PROJECT_FILE} in {project}", "name the folder that holds it")
    file = read_config_file(path, Settings.model_fields)
    try:
        _trusted(environ).trust(path, file.content)
    except OSError as err:
        raise SettingsError(f"cannot write {err.filename}: {err.strerror}", "check its permissions") from err
    return file


def guarded_settings(file: ConfigFile) -> tuple[str, ...]:
    """Return which settings a file sets, profiles included, that a project's file needs trust for."""
    said = {name for values in (file.values, *file.profiles.values()) for name in values}
    return tuple(name for name in GUARDED if name in said)


def remember(settings: Settings) -> RunSettings:
    """Return what a run keeps of the settings; credentials in the address are dropped."""
    kept = settings.model_dump(include=set(RunSettings.model_fields))
    return RunSettings.model_validate(kept | {"base_url": _without_credentials(settings.base_url)})


def user_config(environ: Mapping[str, str]) -> Path:
    """Return where the user's configuration lives, whether or not it exists."""
    named = environ.get("REPOWRIGHT_CONFIG", "")
    if named:
        return Path(named).expanduser()
    from platformdirs import user_config_path

    return user_config_path("repowright", appauthor=False) / "config.toml"


def config_files(environ: Mapping[str, str], project: Path) -> list[Path]:
    """Return the configuration files that exist, weakest first.

    Raises
    ------
    SettingsError
        If ``REPOWRIGHT_CONFIG`` names a file that is not there.
    """
    user = user_config(environ)
    if environ.get("REPOWRIGHT_CONFIG") and not user.is_file():
        raise SettingsError(f"no configuration file {user}", "correct or unset REPOWRIGHT_CONFIG")
    return [path for path in (user, project / PROJECT_FILE) if path.is_file()]


def endpoint_of(base_url: str) -> str:
    """Return host and port of an address.

    Examples
    --------
    >>> endpoint_of("http://me:secret@localhost:8000/v1?k=1")
    'localhost:8000'
    """
    return urlsplit(base_url).netloc.rpartition("@")[2]


def _without_credentials(base_url: str) -> str:
    parts = urlsplit(base_url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _sources(flags: Flags, environ: Mapping[str, str], project: Path, remembered: RunSettings | None) -> list[_Source]:
    """Return all sources, weakest first; one a variable, so that each can be named."""
    files = _read_files(environ, project)
    asked = flags.profile or environ.get(PROFILE_VARIABLE, "")
    named = asked or next((file.profile for file in reversed(files) if file.profile), "")
    profile = _profile_sources(files, named)
    kept = remembered.model_dump(exclude=set(RequestShape.model_fields)) if remembered is not None else {}
    run = [_Source("the run", kept)]
    middle = [*run, *profile] if asked else [*profile, *run]
    from_files = [_Source(str(file.path), file.values) for file in files]
    return [*from_files, *middle, *_environment_sources(environ), _Source("the command line", _given(flags))]


def _read_files(environ: Mapping[str, str], project: Path) -> list[ConfigFile]:
    files = [read_config_file(path, Settings.model_fields) for path in config_files(environ, project)]
    for file in files:
        if file.path == project / PROJECT_FILE:
            _check_trust(file, environ)
    return files


def _check_trust(file: ConfigFile, environ: Mapping[str, str]) -> None:
    guarded = guarded_settings(file)
    if guarded and not _trusted(environ).holds(file.path, file.content):
        raise SettingsError(
            f"{file.path} sets {' and '.join(guarded)}, and you have not said that you trust it",
            "read it, then: repowright config trust",
        )


def _trusted(environ: Mapping[str, str]) -> TrustedFiles:
    return TrustedFiles(user_config(environ).with_name(_TRUSTED))


def _profile_sources(files: list[ConfigFile], name: str) -> list[_Source]:
    if not name:
        return []
    found = [file for file in files if name in file.profiles]
    if not found:
        known = sorted({each for file in files for each in file.profiles})
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"write [profiles.{name}] into a configuration file"
        raise SettingsError(f"there is no profile {name}", hint)
    return [_Source(f"the profile {name} in {file.path}", file.profiles[name]) for file in found]


def _given(flags: Flags) -> dict[str, object]:
    return {name: value for name, value in asdict(flags).items() if value is not None and name != "profile"}


def _environment_sources(environ: Mapping[str, str]) -> list[_Source]:
    names = sorted(set(Settings.model_fields) - {"prices", "unsafe_local"})
    variables = [("OPENAI_BASE_URL", "base_url"), *((f"REPOWRIGHT_{name.upper()}", name) for name in names)]
    return [
        _Source(f"the variable {variable}", {name: environ[variable]})
        for variable, name in variables
        if environ.get(variable)
    ]


def _merge(sources: list[_Source]) -> Settings:
    values: dict[str, object] = {}
    origin: dict[str, str] = {}
    for source in sources:
        values |= source.values
        origin |= dict.fromkeys(source.values, source.name)
    try:
        return Settings.model_validate(values)
    except ValidationError as err:
        first = err.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
        place = origin.get(str(first["loc"][0]), "the defaults")
        raise SettingsError(f"{name} {problem[:1].lower()}{problem[1:]}", f"correct it in {place}") from err
