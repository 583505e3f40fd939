from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from tiny_registry import TinyRegistry, serving

from repowright.executors import DockerSandbox, SandboxUnavailable, build_image, run_pytest
from repowright.executors.docker.client import Daemon
from repowright.executors.images.names import BASE_VARIABLE, IMAGE_VARIABLE, base_reference, find_image, image_labels
from repowright.executors.images.registry import pinned, pull

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.close()


@pytest.fixture
def registry() -> Iterator[TinyRegistry]:
    with serving() as made:
        yield made


def test_an_image_is_pulled_by_digest_once_and_verified(daemon: Daemon, registry: TinyRegistry) -> None:
    digest = registry.add_small(f"at {registry.address}")
    name = pull(daemon, f"{registry.address}/base:3.12@{digest}")
    try:
        assert name == f"{registry.address}/base@{digest}"
        assert daemon.api.inspect_image(name)["RepoDigests"] == [name]
        asked = len(registry.asked)
        assert pull(daemon, name) == name
        assert len(registry.asked) == asked
    finally:
        daemon.api.remove_image(name, force=True)


def test_content_that_does_not_match_its_digest_is_refused(daemon: Daemon, registry: TinyRegistry) -> None:
    honest, forged = registry.add_small(f"honest {registry.address}"), registry.add_small("forged")
    registry.manifests[honest] = registry.manifests[forged]
    with pytest.raises(SandboxUnavailable, match="cannot be pulled"):
        pull(daemon, f"{registry.address}/base@{honest}")
    assert not daemon.has_image(f"{registry.address}/base")


def test_a_registry_that_never_answers_is_given_up(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        name = f"127.0.0.1:{silent.getsockname()[1]}/base@sha256:{'0' * 64}"
        began = time.monotonic()
        with pytest.raises(SandboxUnavailable, match="no registry answers"):
            pull(daemon, name, probe_s=1)
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("reference", ["python:3.12-slim", "python@sha256:12", "Python@sha256:" + "0" * 64])
def test_a_base_that_is_not_pinned_is_refused(reference: str) -> None:
    with pytest.raises(SandboxUnavailable, match="is not pinned"):
        pinned(reference)


def test_the_default_base_is_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(BASE_VARIABLE, raising=False)
    assert pinned(base_reference()).startswith("python@sha256:")


def test_tests_run_in_an_image_built_on_a_pulled_base(
    daemon: Daemon, registry: TinyRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"{registry.address}/base@{registry.add_saved(daemon, find_image(daemon))}"
    monkeypatch.delenv(IMAGE_VARIABLE, raising=False)
    monkeypatch.setenv(BASE_VARIABLE, base)
    image = build_image(source="registry")
    try:
        assert image_labels(daemon, image)["repowright.origin"] == base
        sandbox = DockerSandbox(ahead=False)
        assert sandbox.image == image
        assert run_pytest(sandbox, {"test_a.py": b"def test_a(): pass\n"}).passed
        sandbox.close()
    finally:
        daemon.api.remove_image(image, force=True)
        daemon.api.remove_image(base, force=True)
