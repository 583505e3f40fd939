"""Makes the image of the Docker sandbox from the best source at hand."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from repowright.executors.docker.client import Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.images import tools
from repowright.executors.images.layers import (
    Context,
    ToolchainSource,
    archive_of,
    build_layers,
    remove_image,
    run_build,
)
from repowright.executors.images.names import (
    IMAGE_VARIABLE,
    ORIGIN_LABEL,
    RECIPE,
    REPOSITORY,
    base_reference,
    find_image,
    image_name,
)
from repowright.executors.images.registry import pull
from repowright.executors.images.rootfs import debian_root, host_root
from repowright.executors.images.runtime import VENV
from repowright.executors.ownership import owned_name
from repowright.executors.sandbox import Limits, SandboxError, SandboxUnavailable
from repowright.executors.testing.pytest import run_pytest

Progress = Callable[[str], None]
Source = Literal["auto", "registry", "debian", "host"]
ARCHIVE_S = 300.0
PATH = f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin"
DOCKERFILE = """FROM {base}
COPY site /opt/site
RUN python3 -m venv --without-pip {venv} \\
 && cp -r /opt/site/. {venv}/lib/python{major}.{minor}/site-packages/ \\
 && rm -rf /opt/site && {venv}/bin/python -m compileall -q {venv}
ENV PATH={path}
"""
SMOKE_TEST = b"def test_modules():\n    import bz2, ctypes, lzma, sqlite3, ssl, zlib\n"


def build_image(
    progress: Progress = lambda line: None,
    *,
    source: Source = "auto",
    rebuild: bool = False,
    toolchains: Sequence[str] = (),
    toolchain_source: ToolchainSource = "auto",
) -> str:
    """Make the image with ``toolchains`` and return its name; nothing is done when it is there.

    A registry is tried first (20 s to answer), then debootstrap, then a copy of this machine's Python.
    An image that ``REPOWRIGHT_IMAGE`` names is never made, only added to.

    Raises
    ------
    SandboxUnavailable
        If no daemon answers, or no way leads to an image in which a test suite passes.
    """
    daemon = Daemon()
    try:
        if os.environ.get(IMAGE_VARIABLE):
            return build_layers(daemon, find_image(daemon), toolchains, toolchain_source, progress)
        image = image_name()
        if daemon.has_image(image) and not rebuild:
            progress(f"image {image} is there")
        else:
            _build_from_first(daemon, image, source, progress)
            progress(f"image {image} is ready")
        return build_layers(daemon, image, toolchains, toolchain_source, progress)
    finally:
        daemon.close()


def build_on(daemon: Daemon, base: str, python: tuple[int, int], image: str, origin: str) -> None:
    """Add the test tools to ``base``, an image the daemon has, whose ``python3`` is of version ``python``."""
    with (
        tempfile.TemporaryDirectory(prefix=owned_name("repowright-image-")) as work,
        tempfile.TemporaryFile() as archive,
    ):
        site = Path(work, "site")
        tools.install_tools(site, python)
        recipe = DOCKERFILE.format(base=base, venv=VENV, major=python[0], minor=python[1], path=PATH)
        archive_of(Context(recipe, {"site": site}), archive)
        run_build(daemon, archive, image, _labels(origin), "none")


def _build_from_first(daemon: Daemon, image: str, source: Source, progress: Progress) -> None:
    recipes: dict[str, Callable[[], None]] = {
        "registry": lambda: _from_registry(daemon, image, progress),
        "debian": lambda: _from_root(daemon, image, "debian", debian_root, progress),
        "host": lambda: _from_root(daemon, image, "host", host_root, progress),
    }
    failures: list[str] = []
    for name in recipes if source == "auto" else (source,):
        try:
            recipes[name]()
            return _check(daemon, image)
        except SandboxError as err:
            failures.append(f"{name}: {err.message}")
            progress(f"{name} does not work: {err.message}")
    raise SandboxUnavailable(f"no image can be made ({'; '.join(failures)})", "use bubblewrap, or set REPOWRIGHT_IMAGE")


def _from_registry(daemon: Daemon, image: str, progress: Progress) -> None:
    reference = base_reference()
    progress(f"pulling {reference}")
    base = pull(daemon, reference)
    progress("adding the test tools")
    build_on(daemon, base, python_of(base), image, base)


def python_of(image: str) -> tuple[int, int]:
    """Ask an image for the version of its ``python3``, in a box.

    Raises
    ------
    SandboxUnavailable
        If it has none that is new enough.
    """
    limits = Limits(wall_s=20)
    sandbox = DockerSandbox(image, ahead=False)
    try:
        with sandbox.open(limits) as box:
            said = box.run(["python3", "-I", "-c", "import sys; print(*sys.version_info[:2])"], limits).stdout.split()
    finally:
        sandbox.close()
    if len(said) != 2 or (int(said[0]), int(said[1])) < tools.MINIMUM_PYTHON:
        raise SandboxUnavailable(f"the image {image} has no python3 of version 3.11 or later", "use another base")
    return int(said[0]), int(said[1])


def _from_root(
    daemon: Daemon, image: str, origin: str, fill: Callable[[Path, Progress], None], progress: Progress
) -> None:
    if os.geteuid() != 0:
        raise SandboxUnavailable(f"only root can make an image from {origin}")
    with tempfile.TemporaryDirectory(prefix=owned_name("repowright-image-")) as work:
        root, archive = Path(work, "root"), Path(work, "root.tar")
        root.mkdir(mode=0o755)
        fill(root, progress)
        _remove_mount_points(root)
        progress("importing the image")
        argv = ["tar", "--numeric-owner", "-C", str(root), "-c", "-f", str(archive), "."]
        _archive(argv)
        labels = [f"LABEL {name}={value}" for name, value in sorted(_labels(origin).items())]
        with daemon_errors("import the image"):
            daemon.api.import_image_from_file(
                str(archive),
                repository=REPOSITORY,
                tag=image.partition(":")[2],
                changes=[f"ENV PATH={PATH}", *labels],
            )


def _archive(argv: list[str]) -> None:
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=ARCHIVE_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as err:
        raise SandboxUnavailable(
            f"cannot archive the image's files: {err}", "make room in the temporary folder"
        ) from err


def _remove_mount_points(root: Path) -> None:
    """A tmpfs over a folder that exists keeps the folder's mode, which the box's user cannot write."""
    if (root / "workspace").is_dir():
        (root / "workspace").rmdir()


def _labels(origin: str) -> dict[str, str]:
    return {"repowright.recipe": str(RECIPE), ORIGIN_LABEL: origin}


def _check(daemon: Daemon, image: str) -> None:
    """Run a test suite in a new image; one in which none passes is removed."""
    try:
        sandbox = DockerSandbox(image, ahead=False)
        with contextlib.closing(sandbox):
            report = run_pytest(sandbox, {"test_image.py": SMOKE_TEST})
        if not report.passed:
            raise SandboxUnavailable(f"a test suite does not pass in the image {image}: {report.output[-300:]}")
    except SandboxError:
        remove_image(daemon, image)
        raise
