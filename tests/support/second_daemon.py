"""A Docker daemon of the test's own, which may be killed: its own socket, folders and network namespace."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

START_S = 60.0
IMAGE = "small:test"
TOOLS = ("sh", "tar", "sed", "stat", "timeout", "sleep", "env", "cat", "ls", "rm", "mkdir", "true")


class SecondDaemon:
    """Starts and kills one dockerd whose containers nobody else uses."""

    def __init__(self, data_mb: int | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="repowright-dockerd-", dir="/var/tmp"))
        self.data = self.folder / "data"
        self.data.mkdir()
        if data_mb is not None:
            argv = ["mount", "-t", "tmpfs", "-o", f"size={data_mb}m", "tmpfs", str(self.data)]
            subprocess.run(argv, check=True)
        self.address = f"unix://{self.folder}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        # What a killed daemon leaves in these files may be a zombie, which it would wait for.
        for name in ("docker.pid", "run/containerd/containerd.pid", "docker.sock"):
            (self.folder / name).unlink(missing_ok=True)
        argv = ["unshare", "--net", "dockerd", "--host", self.address, "--bridge=none", "--iptables=false"]
        argv += ["--ip-masq=false", "--data-root", str(self.data), "--exec-root", f"{self.folder}/run"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*argv, "--pidfile", f"{self.folder}/docker.pid"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + START_S
        while not self._answers():
            said = (self.folder / "log").read_text("utf-8", "replace")[-600:]
            assert self._process.poll() is None and time.monotonic() < deadline, f"dockerd does not start: {said}"
            time.sleep(0.1)

    def make_image(self) -> str:
        """Make a small image of this machine's shell and tools, in a second where a full one takes a minute."""
        root = self.folder / "root"
        for name in ("usr/bin", "proc", "dev", "sys", "etc"):
            (root / name).mkdir(parents=True)
        (root / "bin").symlink_to("usr/bin")
        (root / "etc/passwd").write_text("nobody:x:65534:65534::/:/bin/sh\n", encoding="utf-8")
        for name in TOOLS:
            _copy_with_libraries(name, root)
        packed = subprocess.Popen(["tar", "-C", str(root), "-c", "."], stdout=subprocess.PIPE)
        argv = ["docker", "--host", self.address, "import", "-", IMAGE]
        subprocess.run(argv, stdin=packed.stdout, check=True, capture_output=True, timeout=120)
        assert packed.stdout is not None
        packed.stdout.close()
        assert packed.wait() == 0
        return IMAGE

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(60)

    def signal(self, how: signal.Signals) -> None:
        os.kill(self.pid, how)

    def containers(self) -> list[str]:
        argv = ["docker", "--host", self.address, "ps", "--all", "--quiet", "--no-trunc"]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=30).stdout.split()

    def remove(self) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(subprocess.CalledProcessError):
                for container in self.containers():
                    argv = ["docker", "--host", self.address, "rm", "--force", container]
                    subprocess.run(argv, capture_output=True, timeout=60)
            self.kill(signal.SIGTERM)
        for pid in processes_naming(str(self.folder)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for line in reversed(Path("/proc/mounts").read_text("utf-8").splitlines()):
            if line.split()[1].startswith(f"{self.folder}/"):
                subprocess.run(["umount", "--lazy", line.split()[1]], check=True)
        shutil.rmtree(self.folder)

    def _answers(self) -> bool:
        argv = ["docker", "--host", self.address, "version", "--format", "{{.Server.Version}}"]
        return subprocess.run(argv, capture_output=True, timeout=30).returncode == 0


@contextlib.contextmanager
def second_daemon(data_mb: int | None = None) -> Iterator[SecondDaemon]:
    """Run a second daemon that has the image ``IMAGE``, and remove every trace of it at the end.

    Parameters
    ----------
    data_mb
        Size of the disk where it keeps its data; that of this machine when None.
    """
    daemon = SecondDaemon(data_mb)
    try:
        daemon.start()
        daemon.make_image()
        yield daemon
    finally:
        daemon.remove()


def processes_naming(text: str) -> list[int]:
    """Processes in whose arguments ``text`` stands."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if text.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
    return sorted(found)


def _copy_with_libraries(name: str, root: Path) -> None:
    found = shutil.which(name, path="/usr/bin:/bin")
    assert found is not None, f"this machine has no {name}"
    shutil.copy(found, root / "usr/bin" / name)
    said = subprocess.run(["ldd", found], check=True, capture_output=True, text=True).stdout
    for library in re.findall(r"(?:=> |^\t)(/\S+)", said, re.MULTILINE):
        target = root / library.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
