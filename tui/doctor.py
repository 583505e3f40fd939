"""What a generation needs, looked up on this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from repowright.agent.settings import Settings
    from repowright.executors.choose import SandboxStatus

State = Literal["ok", "warn", "missing"]
MIN_DISK_MB = 1000
PROBE_S = 3.0


@dataclass(frozen=True)
class Check:
    """One thing that was looked up; a generation can run unless one is ``missing``."""

    name: str
    state: State
    detail: str
    advice: str = ""


def examine(environ: Mapping[str, str], project: Path) -> list[Check]:
    """Look up everything; never raises for what is missing, and never shows a key."""
    return [
        _python(),
        _git(environ),
        *_sandboxes(),
        *_configuration(environ, project),
        *_run_folder(environ),
    ]


def sandbox_checks(found: Sequence[SandboxStatus]) -> list[Check]:
    """Return one check a sandbox, and one that says whether any of the safe ones can be used."""
    checks = [
        Check(each.name, "ok" if each.usable else "warn", each.detail if each.usable else each.why, each.hint)
        for each in found
        if each.name != "local"
    ]
    from repowright.executors.choose import first_usable

    chosen, why = first_usable(found)
    if chosen:
        return [*checks, Check("sandbox", "ok", f"{chosen} will be used: {why}")]
    return [
        *checks,
        Check("sandbox", "missing", "none is usable", "mend one of them, or give --unsafe-local"),
    ]


def _python() -> Check:
    return Check("python", "ok", ".".join(str(part) for part in sys.version_info[:3]))


def _git(environ: Mapping[str, str]) -> Check:
    program = shutil.which("git", path=environ.get("PATH"))
    if program is None:
        return Check("git", "missing", "not found", "install git from your package manager")
    try:
        told = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as err:
        return Check("git", "missing", f"does not run: {type(err).__name__}", "install git anew")
    return Check("git", "ok", told.stdout.strip().removeprefix("git version "))


def _sandboxes() -> list[Check]:
    from repowright.executors.choose import available

    return [*sandbox_checks(available()), *sandbox_facts()]


def sandbox_facts() -> list[Check]:
    """Return what the sandboxes are made of: images, toolchains, kernel, limits, leftovers."""
    from repowright.executors.diagnosis import diagnose

    return [Check(fact.name, "ok" if fact.good else "warn", fact.detail, fact.hint) for fact in diagnose()]


def _configuration(environ: Mapping[str, str], project: Path) -> list[Check]:
    from repowright.agent.errors import SettingsError
    from repowright.agent.settings import Flags, config_files, load_settings, user_config

    try:
        files = config_files(environ, project)
        settings = load_settings(Flags(), environ, project)
    except SettingsError as err:
        return [Check("settings", "missing", err.message, err.hint)]
    none = f"no file; {user_config(environ)} would be read"
    found = Check("settings", "ok", ", ".join(str(path) for path in files) or none)
    return [found, _model(settings), _key(settings, environ), _endpoint(settings, environ)]


def _model(settings: Settings) -> Check:
    if settings.model:
        return Check("model", "ok", settings.model)
    return Check("model", "missing", "none is set", "set REPOWRIGHT_MODEL, model in the settings, or --model")


def _key(settings: Settings, environ: Mapping[str, str]) -> Check:
    if settings.is_local:
        return Check("key", "ok", "not needed: the model runs in the command's own process")
    if settings.api_key(environ):
        return Check("key", "ok", f"{settings.api_key_env} is set")
    if settings.base_url:
        return Check("key", "ok", f"{settings.api_key_env} is not set; your own endpoint may not need it")
    return Check("key", "missing", f"{settings.api_key_env} is not set", f"export {settings.api_key_env}")


def _endpoint(settings: Settings, environ: Mapping[str, str]) -> Check:
    if settings.is_local:
        return _local_backend()
    if not settings.base_url:
        return Check("endpoint", "ok", "the default of the client, not asked")
    import openai

    client = openai.OpenAI(
        base_url=settings.base_url,
        api_key=settings.api_key(environ) or "none",
        max_retries=0,
        timeout=PROBE_S,
    )
    where = settings.endpoint
    try:
        with client:
            names = [model.id for model in client.models.list().data]
    except openai.APIStatusError as err:
        return _refusal(where, err.status_code, settings.api_key_env)
    except (openai.OpenAIError, ValueError, AttributeError, TypeError):
        advice = "start the server, or correct base_url"
        return Check("endpoint", "missing", f"{where} does not answer like a model server", advice)
    if names and settings.model and settings.model not in names:
        advice = f"it offers {', '.join(sorted(names)[:5])}"
        return Check("endpoint", "warn", f"{where} does not list {settings.model}", advice)
    return Check("endpoint", "ok", f"{where} answers")


def _local_backend() -> Check:
    from importlib.util import find_spec

    missing = [name for name in ("torch", "transformers", "xgrammar", "starlette") if find_spec(name) is None]
    if missing:
        return Check("endpoint", "missing", f"{', '.join(missing)} not installed", "pip install 'repowright[local]'")
    return Check("endpoint", "ok", "this process")


def _refusal(where: str, status: int, key: str) -> Check:
    if status in (401, 403):
        return Check("endpoint", "missing", f"{where} refuses the key ({status})", f"correct {key}")
    # Some servers answer completions but have no list of models.
    return Check("endpoint", "warn", f"{where} has no list of models ({status})")


def _run_folder(environ: Mapping[str, str]) -> list[Check]:
    import os

    from repowright.agent.runs import runs_root

    root = runs_root(environ)
    place = next(path for path in (root, *root.parents) if path.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        return [Check("runs", "missing", f"{root} cannot be written", "set REPOWRIGHT_HOME to another folder")]
    free = shutil.disk_usage(place).free // 1_000_000
    size = f"{free / 1000:.1f} GB free"
    disk = (
        Check("disk", "ok", size) if free >= MIN_DISK_MB else Check("disk", "warn", size, "make room: a run needs 1 GB")
    )
    return [Check("runs", "ok", str(root)), disk]
