"""Starts a Docker daemon on a machine that has one installed but no init to run it, such as a CI machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from repowright.executors.docker.client import Daemon
from repowright.executors.sandbox import SandboxUnavailable

START_S = 60.0
ANSWER_S = 5
RUN = Path("/var/run")
LOG = RUN / "repowright-dockerd.log"
NO_BRIDGE = ("--bridge=none", "--iptables=false", "--ip-masq=false")
"""For machines where no network bridge can be made; boxes need none."""


def start_daemon(progress: Callable[[str], None] = lambda line: None) -> str:
    """Start dockerd unless one answers; return the daemon's version.

    Raises
    ------
    SandboxUnavailable
        If this process is not root, dockerd is not installed, or it does not come up.
    """
    version = _answering()
    if version is not None:
        progress(f"dockerd {version} answers already")
        return version
    if os.geteuid() != 0:
        raise SandboxUnavailable("only root can start a Docker daemon", "ask for bubblewrap instead")
    if shutil.which("dockerd") is None:
        raise SandboxUnavailable("dockerd is not installed", "apt-get install docker.io cgroupfs-mount")
    _mount_cgroups(progress)
    for arguments in ((), NO_BRIDGE):
        progress(" ".join(["starting dockerd", *arguments]))
        _remove_stale_pid_files()
        version = _start(arguments)
        if version is not None:
            progress(f"dockerd {version} is up")
            return version
    raise SandboxUnavailable(f"dockerd does not come up: {_last_error()}", f"read {LOG}")


def _answering() -> str | None:
    try:
        daemon = Daemon(timeout_s=ANSWER_S)
    except SandboxUnavailable:
        return None
    daemon.close()
    return daemon.version


def _mount_cgroups(progress: Callable[[str], None]) -> None:
    mounts = Path("/proc/mounts").read_text(encoding="utf-8").splitlines()
    if any(line.split()[2] in {"cgroup", "cgroup2"} for line in mounts):
        return
    progress("mounting control groups")
    mount = shutil.which("cgroupfs-mount")
    argv = [mount] if mount else ["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"]
    subprocess.run(argv, capture_output=True, timeout=30, stdin=subprocess.DEVNULL, check=False)


def _remove_stale_pid_files() -> None:
    """dockerd trusts the pid files of a killed one, even of a zombie, and waits a minute for it."""
    for path in (RUN / "docker.pid", RUN / "docker" / "containerd" / "containerd.pid"):
        try:
            pid = int(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
        if not _is_live_daemon(pid):
            path.unlink(missing_ok=True)


def _is_live_daemon(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        state = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and (b"dockerd" in command or b"containerd" in command)


def _start(arguments: Sequence[str]) -> str | None:
    options = ["--pidfile", str(RUN / "docker.pid"), "--exec-root", str(RUN / "docker")]
    options += ["--log-driver", "local", "--log-opt", "max-size=10m", "--log-opt", "max-file=2"]
    with LOG.open("ab") as log:
        process = subprocess.Popen(
            ["dockerd", *options, *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        version = _answering()
        if version is not None:
            # The daemon outlives this process on purpose: it is not waited for.
            process.returncode = 0
            return version
        time.sleep(0.2)
    process.kill()
    process.wait()
    return None


def _last_error() -> str:
    lines = LOG.read_text("utf-8", "replace").splitlines()
    errors = [line for line in lines if "failed" in line.lower() or "error" in line.lower()]
    return (errors or lines or ["no log"])[-1][:300]
