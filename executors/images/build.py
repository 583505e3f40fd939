"""Makes the image of the Docker sandbox from the best source at hand."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from repowright.executors.docker.client import Daemon, daemon_errors
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.images import tools
from repowright.executors.images.names import BASE_IMAGE, BASE_PYTHON, RECIPE, REPOSITORY, image_name
from repowright.executors.images.rootfs import debian_root, host_root
from repowright.executors.images.runtime import VENV
from repowright.executors.sandbox import SandboxError, SandboxLost, SandboxUnavailable
from repowright.executors.testing.pytest import run_pytest

Progress = Callable[[str], None]
Source = Literal["auto", "registry", "debian", "host"]
PROBE_S = 20.0
"""Seconds in which a registry must say something."""
PULL_S = 600
PATH = f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin"
DOCKERFILE = """FROM {base}
COPY site /opt/site
RUN python3 -m venv --without-pip {venv} \\
 && cp -r /opt/site/. {venv}/lib/python{major}.{minor}/site-packages/ \\
 && rm -rf /opt/site && {venv}/bin/python -m compileall -q {venv}
ENV PATH={path}
"""
SMOKE_TEST = b"def test_modules():\n    import bz2, ctypes, lzma, sqlite3, ssl, zlib\n"


def build_image(progress: Progress = lambda line: None, *, source: Source = "auto", rebuild: bool = False) -> str:
    """Make the image and return its name; nothing is done when it is there.

    A registry is tried first (20 s to answer), then debootstrap, then a copy of this machine's Python.

    Raises
    ------
    SandboxUnavailable
        If no daemon answers, or no way leads to an image in which a test suite passes.
    """
    daemon = Daemon()
    try:
        image = image_name()
        if daemon.has_image(image) and not rebuild:
            progress(f"image {image} is there")
            return image
        _build_from_first(daemon, image, source, progress)
    finally:
        daemon.close()
    _check(image)
    progress(f"image {image} is ready")
    return image


def build_on(daemon: Daemon, base: str, python: tuple[int, int], image: str, origin: str) -> None:
    """Add the test tools to ``base``, an image the daemon has, whose ``python3`` is of version ``python``."""
    with tempfile.TemporaryDirectory(prefix="repowright-image-") as work:
        site = Path(work, "site")
        tools.install_tools(site, python)
        recipe = DOCKERFILE.format(base=base, venv=VENV, major=python[0], minor=python[1], path=PATH)
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w") as archive:
            archive.add(site, "site")
            entry = tarfile.TarInfo("Dockerfile")
            entry.size = len(recipe.encode())
            archive.addfile(entry, io.BytesIO(recipe.encode()))
        context.seek(0)
        _run_build(daemon, context, image, origin)


def _build_from_first(daemon: Daemon, image: str, source: Source, progress: Progress) -> None:
    recipes: dict[str, Callable[[], None]] = {
        "registry": lambda: _from_registry(daemon, image, progress),
        "debian": lambda: _from_root(daemon, image, "debian", debian_root, progress),
        "host": lambda: _from_root(daemon, image, "host", host_root, progress),
    }
    failures: list[str] = []
    for name in recipes if source == "auto" else (source,):
        try:
            return recipes[name]()
        except SandboxError as err:
            failures.append(f"{name}: {err.message}")
            progress(f"{name} does not work: {err.message}")
    raise SandboxUnavailable(f"no image can be made ({'; '.join(failures)})", "use bubblewrap, or set REPOWRIGHT_IMAGE")


def _from_registry(daemon: Daemon, image: str, progress: Progress) -> None:
    progress(f"pulling {BASE_IMAGE}")
    digest = _pull(daemon, BASE_IMAGE)
    progress("adding the test tools")
    build_on(daemon, digest, BASE_PYTHON, image, digest)


def _pull(daemon: Daemon, image: str) -> str:
    """Pull an image and return its name by digest; gives up on a registry silent for ``PROBE_S``."""
    heard, done = threading.Event(), threading.Event()
    failures: list[str] = []

    def pull() -> None:
        try:
            with daemon_errors(f"pull {image}"):
                for event in daemon.api.pull(image, stream=True, decode=True):
                    heard.set()
                    if "error" in event:
                        failures.append(str(event["error"]))
        except SandboxLost as err:
            failures.append(err.message)
        finally:
            heard.set()
            done.set()

    threading.Thread(target=pull, name="docker-pull", daemon=True).start()
    if not heard.wait(PROBE_S) or not done.wait(PULL_S) or failures:
        raise SandboxUnavailable(failures[0] if failures else f"no registry answers for {image}")
    with daemon_errors("inspect an image"):
        digests = daemon.api.inspect_image(image).get("RepoDigests") or [image]
    return str(digests[0])


def _run_build(daemon: Daemon, context: io.BytesIO, image: str, origin: str) -> None:
    with daemon_errors("build the image"):
        events = daemon.api.build(
            fileobj=context, custom_context=True, tag=image, rm=True, forcerm=True, decode=True,
            network_mode="none", labels=_labels(origin),
        )  # fmt: skip
        for event in events:
            if "error" in event:
                raise SandboxUnavailable(f"the image build failed: {str(event['error']).strip()[:300]}")


def _from_root(
    daemon: Daemon, image: str, origin: str, fill: Callable[[Path, Progress], None], progress: Progress
) -> None:
    if os.geteuid() != 0:
        raise SandboxUnavailable(f"only root can make an image from {origin}")
    with tempfile.TemporaryDirectory(prefix="repowright-image-") as work:
        root, archive = Path(work, "root"), Path(work, "root.tar")
        root.mkdir(mode=0o755)
        fill(root, progress)
        _remove_mount_points(root)
        progress("importing the image")
        argv = ["tar", "--numeric-owner", "-C", str(root), "-c", "-f", str(archive), "."]
        subprocess.run(argv, check=True, capture_output=True, timeout=300, stdin=subprocess.DEVNULL)
        labels = [f"LABEL {name}={value}" for name, value in sorted(_labels(origin).items())]
        with daemon_errors("import the image"):
            daemon.api.import_image_from_file(
                str(archive),
                repository=REPOSITORY,
                tag=image.partition(":")[2],
                changes=[f"ENV PATH={PATH}", *labels],
            )


def _remove_mount_points(root: Path) -> None:
    """A tmpfs over a folder that exists keeps the folder's mode, which the box's user cannot write."""
    if (root / "workspace").is_dir():
        (root / "workspace").rmdir()


def _labels(origin: str) -> dict[str, str]:
    return {"repowright.recipe": str(RECIPE), "repowright.origin": origin}


def _check(image: str) -> None:
    sandbox = DockerSandbox(image, ahead=False)
    try:
        report = run_pytest(sandbox, {"test_image.py": SMOKE_TEST})
    finally:
        sandbox.close()
    if not report.passed:
        raise SandboxUnavailable(f"a test suite does not pass in the image {image}: {report.output[-300:]}")
