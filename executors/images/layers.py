"""Layers of the Docker image: one a toolchain, each on top of the one before."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from repowright.executors.docker.client import Daemon
from repowright.executors.docker.failures import daemon_errors
from repowright.executors.docker.sandbox import DockerSandbox
from repowright.executors.images.host_packages import files_of, installed_packages, owner_of
from repowright.executors.images.host_toolchains import place_in_box
from repowright.executors.images.names import (
    BASE_LABEL,
    LAYERS_LABEL,
    LAYERS_RECIPE,
    REPOSITORY,
    TOOLCHAINS_LABEL,
    VERSION_LABEL,
    find_layer,
    image_id,
    layers_recipe,
)
from repowright.executors.images.toolchains import (
    TOOLCHAIN_FOLDER,
    HostToolchain,
    Toolchain,
    in_order,
    on_this_machine,
    version_number,
)
from repowright.executors.ownership import owned_name
from repowright.executors.sandbox import Limits, SandboxError, SandboxUnavailable

Progress = Callable[[str], None]
ToolchainSource = Literal["auto", "apt", "host"]
LEFT_OUT_OF_FOLDER = ("share", "etc", "libexec", "lib/rustlib/src", "lib/rustlib/multirust-channel-manifest.toml")
DAEMON_LINES = ("Step ", "--->", "Removing ", "-install", "RUN ", "&& ")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
APT = "apt-get -o Acquire::Retries=1 -o Acquire::http::Timeout=15"
APT_RECIPE = """FROM {base}
USER root
RUN {apt} update && {apt} install -y --no-install-recommends {packages} \\
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives && mkdir -p {folder}/bin \\
 && for name in {commands}; do if [ -e "/usr/bin/$name" ]; then ln -sf "/usr/bin/$name" {folder}/bin/; fi; done
"""
HOST_RECIPE = "FROM {base}\nUSER root\nADD layer.tar /\n"


@dataclass(frozen=True)
class Context:
    """What one build starts from: a recipe, and files beside it."""

    recipe: str
    files: Mapping[str, Path]
    network: str = "none"


def build_layers(
    daemon: Daemon, base: str, toolchains: Iterable[str], source: ToolchainSource, progress: Progress
) -> str:
    """Add the toolchains to the image ``base``, one layer each; return the name of the last one.

    Raises
    ------
    SandboxUnavailable
        If a toolchain is neither on this machine nor to be installed.
    """
    image, names = base, []
    for toolchain in in_order(toolchains):
        names.append(toolchain.name)
        there = find_layer(daemon, base, names)
        image = there or _build_from_first(daemon, base, image, toolchain, tuple(names), source, progress)
    return image


def run_build(daemon: Daemon, context: IO[bytes], image: str, labels: Mapping[str, str], network: str) -> None:
    """Build an image from an archive that holds its recipe, leaving no container behind.

    Raises
    ------
    SandboxUnavailable
        If a step fails; the message ends with what it said.
    """
    said: list[str] = []
    with daemon_errors("build the image"):
        events = daemon.api.build(
            fileobj=context, custom_context=True, tag=image, rm=True, forcerm=True, decode=True,
            network_mode=network, labels=dict(labels),
        )  # fmt: skip
        for event in events:
            said = [*said[-20:], str(event.get("stream", ""))]
            if "error" in event:
                raise SandboxUnavailable(f"the image build failed: {_last_lines(said, str(event['error']))}")


def _last_lines(said: Sequence[str], error: str) -> str:
    """What the failed step printed last, without the daemon's own lines and colours, and how it ended."""
    lines = [COLOUR.sub("", line).strip() for line in "".join(said).splitlines()]
    own = [line for line in lines if line and not line.startswith(DAEMON_LINES)]
    ending = error.rpartition("returned a ")[2].strip()
    return "; ".join([*own[-3:], ending])[-400:]


def archive_of(context: Context, target: IO[bytes]) -> None:
    """Write a build's archive and go back to its start."""
    with tarfile.open(fileobj=target, mode="w") as archive:
        for name, path in sorted(context.files.items()):
            archive.add(path, name)
        recipe = context.recipe.encode()
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(recipe)
        archive.addfile(entry, io.BytesIO(recipe))
    target.seek(0)


def _build_from_first(
    daemon: Daemon,
    base: str,
    below: str,
    toolchain: Toolchain,
    names: tuple[str, ...],
    source: ToolchainSource,
    progress: Progress,
) -> str:
    # Debian's rustc is years old: this machine's own comes first.
    order = ("host", "apt") if toolchain.name == "rust" else ("apt", "host")
    failures: list[str] = []
    for name in order if source == "auto" else (source,):
        image = f"{REPOSITORY}:{'-'.join(names)}-{_tag(daemon, below, toolchain, name)}"
        labels = {
            TOOLCHAINS_LABEL: " ".join(names),
            LAYERS_LABEL: layers_recipe(names),
            BASE_LABEL: image_id(daemon, base),
        }
        progress(f"adding the toolchain {toolchain.name} from {name}")
        try:
            _build(daemon, below, toolchain, name, image, labels)
            check_toolchain(image, toolchain)
        except SandboxError as err:
            remove_image(daemon, image)
            failures.append(f"{name}: {err.message}")
            progress(f"{name} does not work: {err.message}")
            continue
        progress(f"image {image} is ready")
        return image
    hint = f"install it here: apt-get install {' '.join(toolchain.packages)}"
    raise SandboxUnavailable(f"no toolchain {toolchain.name} can be had ({'; '.join(failures)})", hint)


def _build(
    daemon: Daemon, below: str, toolchain: Toolchain, source: str, image: str, labels: Mapping[str, str]
) -> None:
    with (
        tempfile.TemporaryDirectory(prefix=owned_name("repowright-layer-")) as work,
        tempfile.TemporaryFile() as archive,
    ):
        if source == "apt":
            context = Context(_apt_recipe(below, toolchain), {}, _network(daemon))
            version = "Debian's"
        else:
            host = on_this_machine(toolchain)
            layer = Path(work, "layer.tar")
            write_layer(host, layer)
            context = Context(HOST_RECIPE.format(base=below), {"layer.tar": layer})
            version = version_number(host.version)
        archive_of(context, archive)
        run_build(daemon, archive, image, {**labels, f"{VERSION_LABEL}.{toolchain.name}": version}, context.network)


def write_layer(host: HostToolchain, target: Path) -> None:
    """Write a toolchain of this machine as an archive of a root file system's part."""
    with tarfile.open(target, "w", format=tarfile.GNU_FORMAT) as archive:
        if host.folder is not None:
            place = f"{TOOLCHAIN_FOLDER}/{host.toolchain.name}"
            archive.add(host.folder, place, filter=_without_documents(place))
        else:
            owners = {owner for path in host.commands.values() if (owner := owner_of(path))}
            packages = installed_packages().closure(owners | set(host.toolchain.packages))
            for path in files_of(packages):
                archive.add(path, str(path), recursive=False, filter=_owned_by_root)
        for name, path in sorted(host.commands.items()):
            entry = tarfile.TarInfo(f"{TOOLCHAIN_FOLDER.lstrip('/')}/bin/{name}")
            entry.type, entry.linkname = tarfile.SYMTYPE, str(place_in_box(host, path))
            archive.addfile(entry)


def check_toolchain(image: str, toolchain: Toolchain) -> None:
    """Build and run a program in a box of ``image``.

    Raises
    ------
    SandboxUnavailable
        If it does not work.
    """
    limits = Limits(wall_s=120, cpu_s=120, memory_mb=1024, disk_mb=64)
    sandbox = DockerSandbox(image, ahead=False)
    try:
        with sandbox.open(limits) as box:
            box.put({path: text.encode() for path, text in toolchain.check})
            outcome = box.run(["sh", "-c", toolchain.check_command], limits)
    finally:
        sandbox.close()
    if outcome.exit_code != 0 or "works" not in outcome.stdout:
        said = (outcome.stdout + outcome.stderr).strip()[-300:]
        raise SandboxUnavailable(f"the toolchain {toolchain.name} does not work in {image}: {said}")


def remove_image(daemon: Daemon, image: str) -> None:
    """Remove an image; harmless when it is not there."""
    if daemon.has_image(image):
        with daemon_errors("remove an image"):
            daemon.api.remove_image(image, force=True)


def _apt_recipe(below: str, toolchain: Toolchain) -> str:
    commands = " ".join((*toolchain.commands, *toolchain.optional))
    packages = " ".join(toolchain.packages)
    return APT_RECIPE.format(base=below, apt=APT, packages=packages, folder=TOOLCHAIN_FOLDER, commands=commands)


def _network(daemon: Daemon) -> str:
    """The network of a build that fetches packages: a bridge where the daemon has one."""
    with daemon_errors("list networks"):
        names = {str(each["Name"]) for each in daemon.api.networks()}
    return "bridge" if "bridge" in names else "host"


def _tag(daemon: Daemon, below: str, toolchain: Toolchain, source: str) -> str:
    facts: list[object] = [LAYERS_RECIPE, image_id(daemon, below), source, toolchain.name, toolchain.packages]
    if source == "host":
        facts.append(on_this_machine(toolchain).version)
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode &= 0o755
    return entry


def _without_documents(place: str) -> Callable[[tarfile.TarInfo], tarfile.TarInfo | None]:
    skipped = {os.path.join(place.lstrip("/"), name) for name in LEFT_OUT_OF_FOLDER}

    def keep(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        return None if entry.name in skipped else _owned_by_root(entry)

    return keep
