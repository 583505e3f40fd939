"""Root file systems for the image where no registry answers: a Debian, or this machine's own Python."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from repowright.executors.images import tools
from repowright.executors.images.runtime import ETC, VENV, compile_ahead, copy_python, running_interpreter
from repowright.executors.sandbox import SandboxUnavailable

Progress = Callable[[str], None]
SUITE = "bookworm"
SUITE_PYTHON = (3, 11)
DEFAULT_MIRROR = "http://deb.debian.org/debian"
STEP_S = 900.0
HOST_TOOLS = (
    *("sh", "tar", "sed", "stat", "timeout", "sleep", "env", "cat"),
    *("ls", "ln", "rm", "mkdir", "chmod", "id", "kill", "true"),
)
MERGED = ("bin", "lib", "lib64", "sbin")
"""Folders that are links into /usr where the system is laid out so; toolchains added later expect the same."""
FOLDERS = ("tmp", "workspace", "proc", "dev", "sys", "etc", "usr/bin", "opt")


def debian_root(root: Path, progress: Progress) -> None:
    """Fill ``root`` with a minimal Debian, Python and the test tools; needs root and debootstrap."""
    if shutil.which("debootstrap") is None:
        raise SandboxUnavailable("debootstrap is not installed", "apt-get install debootstrap")
    progress(f"debootstrap {SUITE}, about a minute")
    include = "--include=python3"
    _call(["debootstrap", "--variant=minbase", include, SUITE, str(root), debian_mirror()])
    progress("adding the test tools")
    _call(["chroot", str(root), "python3", "-m", "venv", "--without-pip", VENV])
    site = root / VENV.lstrip("/") / "lib" / f"python{SUITE_PYTHON[0]}.{SUITE_PYTHON[1]}" / "site-packages"
    tools.install_tools(site, SUITE_PYTHON)
    _call(["chroot", str(root), f"{VENV}/bin/python", "-m", "compileall", "-q", VENV])
    for waste in ("var/cache/apt", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(root / waste, ignore_errors=True)
    (root / "etc" / "resolv.conf").unlink(missing_ok=True)


def host_root(root: Path, progress: Progress) -> None:
    """Fill ``root`` with the running CPython, a few host tools and the libraries that they all load."""
    progress("copying this machine's Python")
    for folder in FOLDERS:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for name in MERGED:
        _link_as_here(root, name)
    for name in sorted(ETC):
        (root / "etc" / name).write_text(ETC[name], encoding="utf-8")
    interpreter = running_interpreter()
    version = f"python{interpreter.version[0]}.{interpreter.version[1]}"
    copy_python(interpreter, root / "opt" / "python")
    _copy_tools(root)
    site = root / "opt" / "venv" / "lib" / version / "site-packages"
    tools.install_tools(site, interpreter.version[:2])
    compile_ahead(interpreter.executable, site, f"{VENV}/lib/{version}/site-packages")
    (root / "opt" / "venv" / "bin").mkdir()
    (root / "opt" / "venv" / "bin" / "python").symlink_to("/opt/python/bin/python3")
    settings = f"home = /opt/python/bin\ninclude-system-site-packages = false\nversion = {version[6:]}\n"
    (root / "opt" / "venv" / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    binaries = [path for path in sorted(root.rglob("*")) if path.is_file() and _is_binary(path)]
    _copy_libraries(binaries, root)
    if not (root / "bin").is_symlink():
        (root / "bin").symlink_to("usr/bin")


def debian_mirror() -> str:
    """The mirror that this machine's apt uses."""
    for path in ("/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"):
        if Path(path).is_file():
            found = re.search(r"^(?:URIs:|deb\b.*?)\s+(\w+://\S+)", Path(path).read_text("utf-8"), re.MULTILINE)
            if found:
                return found.group(1)
    return DEFAULT_MIRROR


def _link_as_here(root: Path, name: str) -> None:
    place = Path("/", name)
    if place.is_symlink():
        target = os.readlink(place).lstrip("/")
        (root / target).mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(target)


def _copy_tools(root: Path) -> None:
    for name in HOST_TOOLS:
        found = shutil.which(name, path="/usr/bin:/bin")
        if found is None:
            raise SandboxUnavailable(f"this machine has no {name} to put into the image")
        shutil.copy(found, root / "usr" / "bin" / name)


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _copy_libraries(binaries: Sequence[Path], root: Path) -> None:
    libraries: set[str] = set()
    for binary in binaries:
        done = subprocess.run(["ldd", str(binary)], capture_output=True, timeout=10, stdin=subprocess.DEVNULL)
        libraries.update(re.findall(r"(?:=> |^\t)(/\S+)", done.stdout.decode("utf-8", "replace"), re.MULTILINE))
    for library in sorted(libraries):
        target = root / library.lstrip("/")
        if not target.exists() and Path(library).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(library, target)


def _call(argv: list[str]) -> None:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=STEP_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as err:
        raise SandboxUnavailable(f"{argv[0]} failed: {err}") from err
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise SandboxUnavailable(f"{' '.join(argv[:2])} failed: {said[-300:]}")
