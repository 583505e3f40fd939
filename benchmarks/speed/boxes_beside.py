"""What one would do instead of using a sandbox of ours: the other side of each ratio."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from repowright.executors import BubblewrapSandbox, DockerSandbox, SandboxError
from repowright.executors.bubblewrap.namespaces import environment_arguments, file_system, isolation
from repowright.executors.limits.environment import full_environment

BOX_UID = 65534
TIMEOUT_S = 300


class Beside(Protocol):
    """The acts that stand beside ours, with a name for each."""

    nothing_name: str
    tar_name: str
    each_name: str

    def nothing(self) -> None:
        """Run nothing."""

    def tar(self, folder: Path, out: Path) -> None:
        """Bring a folder in, and all of it out into another."""

    def outside(self, folder: Path, argv: Sequence[str]) -> None:
        """Run the same Python on a folder without a sandbox."""

    def each(self, folder: Path, argv: Sequence[str]) -> None:
        """Bring a folder into a new container, and run Python there."""

    def close(self) -> None:
        """Remove what was made."""


class BesideDocker:
    """The Docker command line, with its defaults but for the network."""

    nothing_name = "bare docker exec"
    tar_name = "bare exec + tar"
    each_name = "docker run for each"

    def __init__(self, sandbox: DockerSandbox, scratch: Path) -> None:
        self.image = sandbox.image
        self.python = sandbox.python
        self.root = scratch / "root"
        options = ["--rm", "-d", "--network", "none", "--init", "--user", f"{BOX_UID}:{BOX_UID}"]
        tmpfs = ["--tmpfs", f"/workspace:exec,uid={BOX_UID}"]
        self.container = call(["docker", "run", *options, *tmpfs, self.image, "sleep", "3600"]).decode().strip()

    def nothing(self) -> None:
        call(["docker", "exec", self.container, "true"])

    def tar(self, folder: Path, out: Path) -> None:
        within = ["docker", "exec", "-i", self.container]
        call([*within, "find", "/workspace", "-mindepth", "1", "-delete"])
        pipe(["tar", "-c", "-C", str(folder), "."], [*within, "tar", "-x", "-C", "/workspace"])
        out.mkdir(parents=True, exist_ok=True)
        pipe([*within, "tar", "-c", "-C", "/workspace", "."], ["tar", "-x", "-C", str(out)])

    def outside(self, folder: Path, argv: Sequence[str]) -> None:
        self._unpack(folder)
        user = f"--userspec={BOX_UID}:{BOX_UID}"
        script = 'cd /workspace && exec "$@"'
        call(
            [shutil.which("chroot") or "chroot", user, str(self.root), "sh", "-c", script, "sh", self.python, *argv],
            full_environment(None),
        )

    def each(self, folder: Path, argv: Sequence[str]) -> None:
        script = 'mkdir /work && cd /work && tar -x && exec "$@"'
        run = ["docker", "run", "--rm", "-i", "--network", "none", self.image, "sh", "-c", script, "sh"]
        pipe(["tar", "-c", "-C", str(folder), "."], [*run, self.python, *argv])

    def close(self) -> None:
        call(["docker", "rm", "-f", self.container])

    def _unpack(self, folder: Path) -> None:
        """Take the image's files out once, so that its Python can run outside."""
        if self.root.exists():
            return
        if os.geteuid() != 0:
            raise SandboxError("the image's Python can be run outside by root alone", "run the benchmark as root")
        self.root.mkdir()
        pipe(["docker", "export", self.container], ["tar", "-x", "-C", str(self.root)])
        shutil.copytree(folder, self.root / "workspace", dirs_exist_ok=True)


class BesideBubblewrap:
    """A bubblewrap with the same arguments, started anew for each command, and watched by nobody."""

    nothing_name = "bare bwrap"
    tar_name = "bare bwrap + tar"
    each_name = "docker run for each"

    def __init__(self, sandbox: BubblewrapSandbox, scratch: Path) -> None:
        self.runtime = sandbox.runtime
        self.workspace, self.tmp = scratch / "workspace", scratch / "tmp"
        for folder in (self.workspace, self.tmp):
            folder.mkdir()
            folder.chmod(0o777)
        binds = file_system(self.runtime, self.workspace, self.tmp)
        environment = environment_arguments({**self.runtime.environment, **full_environment(None)})
        self.prefix = [str(sandbox.binary), *isolation(), *binds, *environment, "--"]
        self.docker = BesideDocker(DockerSandbox(ahead=False), scratch / "docker")

    def nothing(self) -> None:
        call([*self.prefix, "true"])

    def tar(self, folder: Path, out: Path) -> None:
        call([*self.prefix, "find", "/workspace", "-mindepth", "1", "-delete"])
        pipe(["tar", "-c", "-C", str(folder), "."], [*self.prefix, "tar", "-x", "--no-same-owner"])
        out.mkdir(parents=True, exist_ok=True)
        pipe([*self.prefix, "tar", "-c", "."], ["tar", "-x", "-C", str(out)])

    def outside(self, folder: Path, argv: Sequence[str]) -> None:
        python = str(self.runtime.venv / "bin" / "python")
        environment = {**self.runtime.environment, **full_environment(None)}
        call([python, *argv], environment, folder)

    def each(self, folder: Path, argv: Sequence[str]) -> None:
        self.docker.each(folder, argv)

    def close(self) -> None:
        self.docker.close()


def call(argv: Sequence[str], environment: dict[str, str] | None = None, folder: Path | None = None) -> bytes:
    """Run a command that must succeed."""
    done = subprocess.run(argv, capture_output=True, timeout=TIMEOUT_S, env=environment, cwd=folder, check=False)
    if done.returncode:
        raise SandboxError(f"{' '.join(argv[:4])} failed: {(done.stderr or done.stdout).decode()[-300:]}")
    return done.stdout


def pipe(first: Sequence[str], second: Sequence[str]) -> None:
    """Run two commands that must succeed, the output of one the input of the other."""
    with subprocess.Popen(first, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL) as source:
        done = subprocess.run(second, stdin=source.stdout, capture_output=True, timeout=TIMEOUT_S, check=False)
        source.wait(TIMEOUT_S)
    if done.returncode or source.returncode:
        raise SandboxError(f"{' '.join(second[:4])} failed: {(done.stderr or done.stdout).decode()[-300:]}")
