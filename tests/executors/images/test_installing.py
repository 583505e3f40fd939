from __future__ import annotations

import io
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tiny_index import TinyIndex, serving, source, wheel

from repowright.executors import (
    BubblewrapSandbox,
    DockerSandbox,
    Limits,
    LocalSandbox,
    Sandbox,
    SandboxUnavailable,
    build_image,
    run_pytest,
)
from repowright.executors.docker.client import Daemon
from repowright.executors.images.frozen import plain_files
from repowright.executors.installing import FrozenLayer, InstallFailed, install, with_layer
from repowright.executors.locks import LockError, read_lock
from repowright.executors.sandbox import SandboxError

LIMITS = Limits(wall_s=60, cpu_s=60, memory_mb=256, pids=64, disk_mb=128)
KINDS = [
    pytest.param("docker", marks=pytest.mark.docker),
    pytest.param("bubblewrap", marks=pytest.mark.bubblewrap),
]
TEST = b"import demo\ndef test_it():\n    assert demo.answer() == 42\n"
DEMO = {"demo.py": "def answer():\n    return 42\n"}


@pytest.fixture
def index() -> Iterator[TinyIndex]:
    with serving() as made:
        yield made


@pytest.fixture(params=KINDS)
def sandbox(request: pytest.FixtureRequest, cache: Path) -> Iterator[DockerSandbox | BubblewrapSandbox]:
    made = DockerSandbox(ahead=False) if request.param == "docker" else BubblewrapSandbox(cache)
    yield made
    made.close()


Installing = Callable[[str], FrozenLayer]


@pytest.fixture
def installing(
    sandbox: DockerSandbox | BubblewrapSandbox, index: TinyIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Installing]:
    """Install from the test's own index over the loopback; images are removed afterwards."""
    monkeypatch.setenv("REPOWRIGHT_CACHE", str(cache))
    made: list[FrozenLayer] = []

    def install_it(lock: str) -> FrozenLayer:
        layer = install(
            sandbox, lock, index_url=index.url, allow_network=True, network="host", limits=LIMITS
        )  # fmt: skip
        made.append(layer)
        return layer

    yield install_it
    daemon = Daemon() if any(layer.image for layer in made) else None
    if daemon is not None:
        for image in {layer.image for layer in made if layer.image}:
            daemon.api.remove_image(image, force=True)
        daemon.close()


def printed(sandbox: Sandbox, code: str) -> str:
    with sandbox.open(LIMITS) as box:
        outcome = box.run([sandbox.python, "-c", code], LIMITS)
    assert outcome.exit_code == 0, outcome.stderr
    return outcome.stdout.strip()


def closed_after(sandbox: Sandbox, code: str) -> str:
    try:
        return printed(sandbox, code)
    finally:
        sandbox.close()


def test_tests_import_what_was_installed_and_have_no_network(
    sandbox: DockerSandbox | BubblewrapSandbox, index: TinyIndex, installing: Installing
) -> None:
    digest = index.add(wheel("demo", DEMO, requires="deeper"))
    deeper = index.add(wheel("deeper", {"deeper.py": ""}))
    layer = installing(f"demo==1.0 {digest}\ndeeper==1.0 \\\n    {deeper}\n")
    frozen = with_layer(sandbox, layer)
    assert run_pytest(frozen, {"test_a.py": TEST}, limits=LIMITS).passed
    port = index.url.split(":")[2].partition("/")[0]
    reach = f"import socket\ntry:\n    socket.create_connection(('127.0.0.1', {port}), 3)\n    print('reached')\n"
    assert printed(frozen, f"{reach}except OSError:\n    print('refused')\n") == "refused"
    assert printed(frozen, "import pytest, demo; print(demo.__file__)") == "/opt/dependencies/demo.py"
    assert (
        printed(frozen, "import demo; print(demo.__cached__ and open(demo.__cached__, 'rb').read(1) != b'')") == "True"
    )
    frozen.close()
    with sandbox.open(LIMITS) as box:
        assert box.run([sandbox.python, "-c", "import demo"], LIMITS).exit_code == 1


def test_a_layer_that_is_there_costs_no_box_and_needs_no_network(
    sandbox: DockerSandbox | BubblewrapSandbox,
    index: TinyIndex,
    installing: Installing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    index.add(wheel("demo", DEMO))
    layer = installing("demo==1.0\n")
    asked = len(index.asked)

    def opened(*_: object) -> None:
        raise AssertionError("a box was opened")

    monkeypatch.setattr(DockerSandbox, "open", opened)
    monkeypatch.setattr(BubblewrapSandbox, "open", opened)
    assert install(sandbox, "# the same\ndemo == 1.0", index_url=index.url) == layer
    assert len(index.asked) == asked
    with pytest.raises(SandboxUnavailable, match="not installed yet"):
        install(sandbox, "demo==1.1", index_url=index.url)


def test_a_failed_installation_ends_with_what_pip_says_and_keeps_nothing(
    sandbox: DockerSandbox | BubblewrapSandbox, index: TinyIndex, installing: Installing, cache: Path
) -> None:
    index.add(wheel("demo", DEMO))
    before = left_of(sandbox, cache)
    with pytest.raises(InstallFailed, match=r"(?s)exit 1.*No matching distribution found for absent==1\.0"):
        installing("demo==1.0\nabsent==1.0\n")
    with pytest.raises(InstallFailed, match="DO NOT MATCH THE HASHES"):
        installing(f"demo==1.0 --hash=sha256:{'0' * 64}\n")
    assert left_of(sandbox, cache) == before


def left_of(sandbox: DockerSandbox | BubblewrapSandbox, cache: Path) -> set[str]:
    if isinstance(sandbox, BubblewrapSandbox):
        return {path.name for path in (cache / "dependencies").glob("[!l]*")}
    daemon = Daemon()
    try:
        return {tag for image in daemon.api.images(name="repowright-python") for tag in image["RepoTags"] or []}
    finally:
        daemon.close()


HOSTILE = """
import os, subprocess, sys
secret = {secret!r}
seen = dict(os.environ)
seen["shadow"] = os.access("/etc/shadow", os.R_OK) and open("/etc/shadow").read()
seen["file"] = os.path.exists(secret) and open(secret).read()
seen["docker"] = [path for path in ("/var/run/docker.sock", "/run/docker.sock") if os.path.exists(path)]
for target in ("/opt/venv/evil", "/usr/bin/evil", "/opt/dependencies/evil"):
    try:
        open(target, "w").close()
        seen[target] = "written"
    except OSError:
        pass
subprocess.Popen(["sleep", {mark!r}], start_new_session=True, stdin=-3, stdout=-3, stderr=-3)
seen["uid"] = os.getuid()
"""


def processes_with(mark: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [path.parent.name] if mark.encode() in path.read_bytes().split(b"\0") else []
        except OSError:
            continue
    return found


def test_a_hostile_build_sees_nothing_of_the_host_and_leaves_nothing_running(
    sandbox: DockerSandbox | BubblewrapSandbox,
    index: TinyIndex,
    installing: Installing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("of the host")
    monkeypatch.setenv("SECRET_OF_THE_HOST", "of the host")
    mark = f"{600 + time.time() % 100:.6f}"
    index.add(source("hostile", HOSTILE.format(secret=str(secret), mark=mark)))
    frozen = with_layer(sandbox, installing("hostile==1.0\n"))
    code = "import hostile, json; print(json.dumps(hostile.SEEN))"
    seen = closed_after(frozen, code)
    assert "of the host" not in seen
    assert '"shadow": false' in seen
    assert '"docker": []' in seen
    assert "written" not in seen
    assert '"uid": 0' not in seen
    deadline = time.monotonic() + 5
    while processes_with(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes_with(mark) == []


def test_a_build_that_never_ends_is_ended_and_named(
    sandbox: DockerSandbox | BubblewrapSandbox, index: TinyIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPOWRIGHT_CACHE", str(cache))
    index.add(source("endless", "import time\nseen = time.sleep(600)"))
    limits = Limits(wall_s=6, memory_mb=256, disk_mb=128)
    with pytest.raises(InstallFailed, match="ended by the time limit"):
        install(sandbox, "endless==1.0", index_url=index.url, allow_network=True, network="host", limits=limits)


def test_nothing_is_installed_on_the_machine_itself() -> None:
    with pytest.raises(SandboxUnavailable, match="for the sandbox local"):
        install(LocalSandbox(), "demo==1.0", allow_network=True)


@pytest.mark.docker
def test_toolchains_and_dependencies_go_together(
    index: TinyIndex, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPOWRIGHT_CACHE", str(cache))
    index.add(wheel("demo", DEMO))
    docker = DockerSandbox(ahead=False)
    layer = install(
        docker, "demo==1.0", index_url=index.url, allow_network=True, network="host", limits=LIMITS
    )  # fmt: skip
    docker.close()
    assert layer.image is not None
    monkeypatch.setenv("REPOWRIGHT_IMAGE", layer.image)
    both = build_image(toolchains=["c"], toolchain_source="host")
    daemon = Daemon()
    try:
        chosen = DockerSandbox(toolchains=["c"], ahead=False)
        assert chosen.image == both
        assert closed_after(chosen, "import demo, shutil; print(demo.answer(), shutil.which('cc'))").startswith("42 /")
    finally:
        for image in (both, layer.image):
            daemon.api.remove_image(image, force=True)
        daemon.close()


@pytest.mark.parametrize(
    "line",
    [
        "demo", "demo>=1.0", "demo==1.*", "-r other.txt", "--index-url http://127.0.0.1/", "-e .", "./demo",
        "/etc/passwd", "demo @ http://127.0.0.1/demo.whl", "git+https://127.0.0.1/demo", "demo==1.0 --global-option=x",
    ],
)  # fmt: skip
def test_a_lock_holds_packages_in_exact_versions_only(line: str) -> None:
    with pytest.raises(LockError, match="not a package in one version"):
        read_lock(line)


def test_a_lock_is_the_same_however_it_is_written() -> None:
    digest = f"--hash=sha256:{'a' * 64}"
    first = read_lock(f"b[x]==1.0\n# note\na==2.0 ; python_version > '3' {digest}\n")
    second = read_lock(f"a == 2.0 ; python_version > '3' \\\n  {digest}  # via b\n\nb[x]==1.0")
    assert first == second
    assert first.text == f"a==2.0 ; python_version > '3' {digest}\nb[x]==1.0\n"
    assert first.key("one") == second.key("one") != first.key("two")


def test_an_address_with_a_password_is_refused(cache: Path) -> None:
    sandbox = BubblewrapSandbox(cache)
    with pytest.raises(SandboxUnavailable, match="holds a password") as raised:
        install(sandbox, "demo==1.0", index_url="https://me:hidden@127.0.0.1/simple", allow_network=True)
    assert "hidden" not in str(raised.value)


def archive(*entries: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for entry in entries:
            made.addfile(entry, io.BytesIO(b"x" * entry.size))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.mode, made.linkname = kind, size, mode, "/etc/shadow"
    return made


def test_only_plain_files_are_frozen() -> None:
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE)
    data = archive(entry("./run", size=1, mode=0o6777), *(entry(f"odd{kind!r}", kind) for kind in kinds))
    assert [(file.path, file.data, file.mode) for file in plain_files(data)] == [("run", b"x", 0o755)]


@pytest.mark.parametrize("name", ["../a", "/etc/a", "a/../../b"])
def test_a_file_outside_is_an_error(name: str) -> None:
    with pytest.raises(SandboxError, match="outside"):
        list(plain_files(archive(entry(name, size=1))))
