"""Installs a project's dependencies in a phase of its own, and freezes what came of it.

Packages run code of their own when they are built. So the phase has a box to itself, with all bounds
and defences of any other but one, the network; nothing of the project, of this machine's files or of
its environment is in it. What it leaves is a layer that later boxes see read-only, without network.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from repowright.executors.binds import Bind
from repowright.executors.bubblewrap.sandbox import BubblewrapSandbox
from repowright.executors.cache import cache_root
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.images.frozen import freeze_folder, freeze_image
from repowright.executors.images.names import REPOSITORY, image_id
from repowright.executors.images.runtime import DEPENDENCIES
from repowright.executors.limits.defences import Defence
from repowright.executors.locks import Lock, read_lock
from repowright.executors.sandbox import Box, Ended, Limits, Outcome, Sandbox, SandboxError, SandboxUnavailable

RECIPE = 1
"""Raised when the content of a layer changes shape."""
DEFAULT_INDEX = "https://pypi.org/simple"
DEFAULT_NETWORK = "bridge"
LIMITS = Limits(wall_s=600, cpu_s=600, memory_mb=1024, pids=128, disk_mb=1024)
LAST_LINES = 12
SITE = "import sysconfig; print(sysconfig.get_path('purelib'))"
KEEP = (
    '"$1" -I -m compileall -q -s /workspace/site -p "$2" /workspace/site >/dev/null 2>&1;'
    " mkdir -p site && tar -c -f site.tar -C site ."
)
PIP_FOLDER = ".pip"
ENVIRONMENT = {
    "PYTHONPATH": f"/workspace/{PIP_FOLDER}",
    "PIP_CONFIG_FILE": "/dev/null",
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    "PIP_NO_INPUT": "1",
}
OPTIONS = ("--no-cache-dir", "--no-compile", "--no-warn-script-location", "--progress-bar=off", "--retries=1")


class InstallFailed(SandboxError):
    """Dependencies cannot be installed; the message ends with pip's own last lines."""


@dataclass(frozen=True)
class FrozenLayer:
    """Installed dependencies: an image for Docker, or a folder for bubblewrap."""

    key: str
    image: str | None = None
    folder: Path | None = None


def install(
    sandbox: Sandbox,
    lock: str,
    *,
    index_url: str = DEFAULT_INDEX,
    allow_network: bool = False,
    network: str = DEFAULT_NETWORK,
    limits: Limits = LIMITS,
) -> FrozenLayer:
    """Return the layer of a lock for what ``sandbox`` runs on; made once, which alone needs a network.

    Parameters
    ----------
    lock
        Text of requirements in exact versions, with or without hashes.
    allow_network
        Fetch what is not frozen yet. Without it nothing is fetched.
    network
        Docker's network for the phase. Bubblewrap has only that of this machine.

    Raises
    ------
    LockError
        If the lock names anything but packages in exact versions.
    InstallFailed
        If pip ends with an error or meets a limit; nothing is kept then.
    SandboxUnavailable
        If the layer is not there and no network is allowed, or the sandbox isolates nothing.
    """
    _check_index(index_url)
    read = read_lock(lock)
    phase = _Phase(read, index_url, allow_network, network, limits)
    if isinstance(sandbox, DockerSandbox):
        return _install_image(sandbox.image, phase)
    if isinstance(sandbox, BubblewrapSandbox):
        return _install_folder(sandbox, phase)
    raise SandboxUnavailable(f"nothing is installed for the sandbox {sandbox.name}", "use docker or bubblewrap")


def with_layer(sandbox: DockerSandbox | BubblewrapSandbox, layer: FrozenLayer) -> Sandbox:
    """Make a sandbox like ``sandbox`` whose boxes have the dependencies; both must be closed."""
    if isinstance(sandbox, DockerSandbox):
        return DockerSandbox(layer.image)
    binds = sandbox.runtime.binds
    if layer.folder is not None:
        binds = (*binds, Bind(layer.folder, DEPENDENCIES))
    return BubblewrapSandbox(sandbox.cache, interpreter=sandbox.runtime.interpreter, binds=binds)


@dataclass(frozen=True)
class _Phase:
    """What one installation is asked for."""

    lock: Lock
    index_url: str
    allow_network: bool
    network: str
    limits: Limits

    def key(self, base: str) -> str:
        return self.lock.key(str(RECIPE), base, self.index_url)

    def check_allowed(self) -> None:
        if not self.allow_network:
            said = f"the locked dependencies ({len(self.lock.lines)}) are not installed yet"
            raise SandboxUnavailable(said, "allow the network for their installation")


def _install_image(base: str, phase: _Phase) -> FrozenLayer:
    daemon = Daemon()
    try:
        key = phase.key(image_id(daemon, base))
        layer = FrozenLayer(key, image=f"{REPOSITORY}:dependencies-{key[:16]}")
        if daemon.has_image(str(layer.image)):
            return layer
        phase.check_allowed()
        with _alone(cache_root()):
            if not daemon.has_image(str(layer.image)):
                boxes = DockerSandbox(base, ahead=False, network=phase.network)
                site, archive = _run_phase(boxes, phase)
                freeze_image(daemon, base, site, archive, str(layer.image), key)
        return layer
    finally:
        daemon.close()


def _install_folder(sandbox: BubblewrapSandbox, phase: _Phase) -> FrozenLayer:
    key = phase.key(sandbox.runtime.folder.name)
    folder = sandbox.cache / "dependencies" / key[:32]
    if not folder.is_dir():
        phase.check_allowed()
        with _alone(sandbox.cache):
            if not folder.is_dir():
                resolver = Path("/etc/resolv.conf").resolve()
                binds = (*sandbox.runtime.binds, *([Bind(resolver, "/etc/resolv.conf")] if resolver.is_file() else []))
                boxes = BubblewrapSandbox(
                    sandbox.cache,
                    interpreter=sandbox.runtime.interpreter,
                    binds=binds,
                    without=frozenset({Defence.NETWORK}),
                )
                freeze_folder(_run_phase(boxes, phase)[1], folder)
    return FrozenLayer(key, folder=folder)


def _run_phase(boxes: DockerSandbox | BubblewrapSandbox, phase: _Phase) -> tuple[str, bytes]:
    """Install in a box: where its interpreter looks for packages, and the archive of what was installed."""
    with contextlib.closing(boxes), boxes.open(phase.limits) as box:
        site = box.run([boxes.python, "-I", "-c", SITE], phase.limits).stdout.strip()
        archive = b""
        if phase.lock.lines:
            _run_pip(box, boxes.python, phase)
            archive = _take(box, boxes.python, phase.limits)
    return site, archive or _empty_archive()


def _run_pip(box: Box, python: str, phase: _Phase) -> None:
    files = {f"{PIP_FOLDER}/{path}": data for path, data in _pip_files().items()}
    options, environment = [*OPTIONS, "--index-url", phase.index_url], dict(ENVIRONMENT)
    authorities = ssl.get_default_verify_paths().cafile
    if authorities and Path(authorities).is_file():
        files["authorities.pem"] = Path(authorities).read_bytes()
        # As a variable, so that the pip which fetches what a build needs has it too.
        environment["PIP_CERT"] = "/workspace/authorities.pem"
    box.put({**files, "lock.txt": phase.lock.text.encode()})
    argv = [python, "-m", "pip", "install", *options, "--target", "/workspace/site", "--requirement", "lock.txt"]
    _check(box.run(argv, phase.limits, environment))


def _take(box: Box, python: str, limits: Limits) -> bytes:
    _check(box.run(["sh", "-c", KEEP, "sh", python, DEPENDENCIES], limits))
    found = box.get(["site.tar"], limits.disk_mb << 20)
    if "site.tar" not in found:
        raise InstallFailed("the packages removed what was installed", "do not use them")
    return found["site.tar"]


def _check(outcome: Outcome) -> None:
    if outcome.ended is Ended.EXITED and outcome.exit_code == 0:
        return
    why = f"ended by the {outcome.ended} limit" if outcome.ended is not Ended.EXITED else f"exit {outcome.exit_code}"
    lines = [line for line in (outcome.stdout + outcome.stderr).splitlines() if line.strip()]
    said = "\n".join(lines[-LAST_LINES:])
    raise InstallFailed(f"the dependencies cannot be installed ({why}):\n{said}", "correct the lock or the index")


def _pip_files() -> dict[str, bytes]:
    """The pip of this environment, to be run inside.

    Raises
    ------
    SandboxUnavailable
        If it has none.
    """
    try:
        entries = importlib.metadata.files("pip") or []
    except importlib.metadata.PackageNotFoundError as err:
        raise SandboxUnavailable("pip is not installed", "python -m ensurepip") from err
    wanted = [entry for entry in entries if ".." not in entry.parts and entry.suffix not in {".pyc", ".exe"}]
    return {entry.as_posix(): entry.read_binary() for entry in wanted if Path(os.fspath(entry.locate())).is_file()}


def _check_index(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SandboxUnavailable(f"not the address of a package index: {parts.scheme}://{parts.hostname}", "use https")
    if parts.username or parts.password:
        hint = "use an index or a mirror that needs none"
        raise SandboxUnavailable("the index's address holds a password, which packages could read", hint)


def _empty_archive() -> bytes:
    return b"\0" * 10240


@contextlib.contextmanager
def _alone(cache: Path) -> Iterator[None]:
    folder = cache / "dependencies"
    folder.mkdir(mode=0o755, exist_ok=True)
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
