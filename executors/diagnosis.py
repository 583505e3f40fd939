"""What the sandboxes of this machine are made of, and which of their limits the kernel really keeps."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from repowright.executors.bubblewrap.sandbox import BubblewrapSandbox
from repowright.executors.bubblewrap.seccomp import system_call_filter
from repowright.executors.bubblewrap.slots import take_slot
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.images.names import (
    ORIGIN_LABEL,
    VERSION_LABEL,
    base_reference,
    find_image,
    image_id,
    image_labels,
    layers_on,
)
from repowright.executors.images.toolchains import TOOLCHAINS, on_this_machine, version_number
from repowright.executors.limits import cgroup
from repowright.executors.local import LocalSandbox
from repowright.executors.reaping import Reaped, reap
from repowright.executors.sandbox import Limits, SandboxError, SandboxUnavailable

PROBE_S = 3
SHORT_ID = 19
"""Characters of ``sha256:`` and the digits that Docker itself shows."""
DOCKER_LIMITS = {"MemoryLimit": "memory", "SwapLimit": "swap", "PidsLimit": "pids"}
ALWAYS_HELD = "time, cpu time, output"
BURST = "held by watches alone, which let a burst through for some 50 ms"


@dataclass(frozen=True)
class Fact:
    """One thing found out; ``good`` is false where something is weaker here than it should be."""

    name: str
    detail: str
    good: bool = True
    hint: str = ""


def diagnose() -> list[Fact]:
    """Look at every sandbox closely; opens no container and removes nothing.

    A sandbox that cannot be used is left out: ``available`` says why.
    """
    return [*_told(_docker), *_told(_bubblewrap), Fact("local", _local()), _leftovers(reap(only_look=True))]


def docker_kernel(info: Mapping[str, object]) -> Fact:
    """What the daemon says that the kernel does for it."""
    said = info.get("SecurityOptions")
    options = [str(option) for option in said] if isinstance(said, list) else []
    seccomp = next((option for option in options if option.startswith("name=seccomp")), "")
    parts = [
        f"cgroup version {info.get('CgroupVersion', 'unknown')}",
        f"seccomp {'on' if seccomp and 'unconfined' not in seccomp else 'off'}",
        f"user namespaces {'on' if any('userns' in option for option in options) else 'off'}",
        f"rootless {'yes' if any('rootless' in option for option in options) else 'no'}",
    ]
    good = "seccomp on" in parts[1]
    return Fact("docker kernel", ", ".join(parts), good, "" if good else "run a daemon and a kernel with seccomp")


def docker_limits(info: Mapping[str, object]) -> Fact:
    """Which limits of a container hold under this daemon."""
    missing = [name for key, name in DOCKER_LIMITS.items() if not info.get(key)]
    held = [name for key, name in DOCKER_LIMITS.items() if info.get(key)]
    detail = f"held: {', '.join([*held, 'disk', ALWAYS_HELD])}"
    if not missing:
        return Fact("docker limits", detail)
    hint = "boot with cgroup_enable=memory swapaccount=1, or delegate the controllers to the daemon"
    return Fact("docker limits", f"{detail}; not held: {', '.join(missing)}", good=False, hint=hint)


def bubblewrap_limits(*, own_user: bool, grouped: bool, bounded_disk: bool) -> Fact:
    """Which limits of a bubblewrap box the kernel holds."""
    held = [*(["memory", "pids"] if grouped else []), *(["disk"] if bounded_disk else []), ALWAYS_HELD]
    watched = [*([] if grouped else ["memory", "pids"]), *([] if bounded_disk else ["disk"])]
    who = "each box a user of its own" if own_user else "boxes run as you"
    detail = f"{who}; held: {', '.join(held)}"
    if not watched:
        return Fact("bubblewrap limits", detail)
    hint = "use Docker, or run as root with control groups mounted"
    return Fact("bubblewrap limits", f"{detail}; {', '.join(watched)} {BURST}", good=False, hint=hint)


def _told(look: Callable[[], list[Fact]]) -> list[Fact]:
    try:
        return look()
    except SandboxError:
        return []


def _docker() -> list[Fact]:
    daemon = Daemon(timeout_s=PROBE_S)
    try:
        with daemon_errors("say what it is"):
            info = daemon.api.info()
        return [*_told(lambda: _image(daemon)), docker_kernel(info), docker_limits(info)]
    finally:
        daemon.close()


def _image(daemon: Daemon) -> list[Fact]:
    image = find_image(daemon)
    labels = image_labels(daemon, image)
    detail = f"{image}, id {image_id(daemon, image)[:SHORT_ID]}, {_origin(labels.get(ORIGIN_LABEL, ''))}"
    return [Fact("docker image", detail), _image_toolchains(daemon, image)]


def _origin(origin: str) -> str:
    if not origin:
        return "made elsewhere"
    return f"made from {origin}" if "@" in origin else f"made here from {origin}, not pulled as {base_reference()}"


def _image_toolchains(daemon: Daemon, image: str) -> Fact:
    found: dict[str, str] = {}
    for layer in layers_on(daemon, image):
        labels = image_labels(daemon, layer.image)
        for name in layer.toolchains.split():
            found.setdefault(name, labels.get(f"{VERSION_LABEL}.{name}", "unknown version"))
    hint = "add one with: repowright sandbox build --with NAME"
    listed = ", ".join(f"{name} ({version})" for name, version in sorted(found.items()))
    return Fact("docker toolchains", f"python, {listed}" if listed else f"python alone; {hint}")


def _bubblewrap() -> list[Fact]:
    sandbox = BubblewrapSandbox()
    sandbox.close()
    slot = take_slot(sandbox.cache, Limits())
    try:
        group = cgroup.create(f"doctor-{secrets.token_hex(4)}", Limits()) if slot.uid is not None else None
        if group is not None:
            group.remove()
        limits = bubblewrap_limits(
            own_user=slot.uid is not None, grouped=group is not None, bounded_disk=slot.bounded
        )  # fmt: skip
    finally:
        slot.release()
    return [_host_toolchains(), _kernel(), limits]


def _kernel() -> Fact:
    version = "2" if (cgroup.ROOT / "cgroup.controllers").exists() else "1" if cgroup.ROOT.is_dir() else "none"
    filtered = system_call_filter() is not None
    namespaces = _number(Path("/proc/sys/user/max_user_namespaces"))
    parts = [f"cgroup version {version}", f"seccomp {'on' if filtered else 'off'}", f"user namespaces {namespaces}"]
    if filtered:
        return Fact("bubblewrap kernel", ", ".join(parts))
    hint = "use Docker: no filter of system calls is known for this processor"
    return Fact("bubblewrap kernel", ", ".join(parts), good=False, hint=hint)


def _number(path: Path) -> str:
    try:
        return f"on, at most {int(path.read_text(encoding='ascii'))}"
    except (OSError, ValueError):
        return "on"


def _host_toolchains() -> Fact:
    found: list[str] = []
    missing: list[str] = []
    for name in sorted(TOOLCHAINS):
        try:
            found.append(f"{name} ({version_number(on_this_machine(TOOLCHAINS[name]).version)})")
        except SandboxUnavailable:
            missing.append(name)
    absent = f"; this machine has no {', '.join(missing)}" if missing else ""
    return Fact("bubblewrap toolchains", f"{', '.join(['python', *found])}{absent}")


def _local() -> str:
    who = " as root" if os.geteuid() == 0 else ""
    return f"never chosen by itself; with --unsafe-local it runs code{who} on this machine. {LocalSandbox.detail}"


def _leftovers(found: Reaped) -> Fact:
    counts = {field.name: len(getattr(found, field.name)) for field in fields(found) if field.name != "kept"}
    parts = [f"{count} {name}" for name, count in counts.items() if count]
    if found.kept:
        return Fact("leftovers", f"cannot look at everything: {'; '.join(found.kept)}", good=False)
    if not parts:
        return Fact("leftovers", "none")
    return Fact("leftovers", f"of killed runs: {', '.join(parts)}", good=False, hint="repowright sandbox reap")
