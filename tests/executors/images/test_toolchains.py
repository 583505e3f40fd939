from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_suites import NODE, RUST, C

from repowright.executors import (
    BubblewrapSandbox,
    DockerSandbox,
    Ended,
    Limits,
    Outcome,
    SandboxUnavailable,
    TestOutcome,
    build_image,
    choose,
)
from repowright.executors.docker.client import Daemon
from repowright.executors.images.host_packages import Packages
from repowright.executors.images.names import find_image, image_labels, layers_on
from repowright.executors.images.toolchains import TOOLCHAINS, in_order, on_this_machine, version_number
from repowright.executors.testing.detect import framework_named
from repowright.executors.testing.framework import TestRequest
from repowright.executors.testing.run import run_tests

LIMITS = Limits(wall_s=120, cpu_s=120, memory_mb=1500, pids=200, disk_mb=200)
HELLO = b'#include <stdio.h>\nint main(void) { puts("hello from c"); return 0; }\n'
PROGRAMS: dict[str, tuple[dict[str, bytes], str, str]] = {
    "c": ({"a.c": HELLO}, "cc -Wall -o a a.c && ./a", "hello from c\n"),
    "rust": (
        {
            "Cargo.toml": b'[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/main.rs": b'fn main() { println!("hello from rust"); }\n',
        },
        "cargo build --offline --quiet && target/debug/hello",
        "hello from rust\n",
    ),
    "node": (
        {"a.test.mjs": b"import test from 'node:test';\nimport assert from 'node:assert';\n"
         b"test('adds', () => assert.equal(1 + 1, 2));\n"},
        "node --test --test-reporter=tap | grep -x '# pass 1'",
        "# pass 1\n",
    ),
    "java": (
        {"A.java": b'class A { public static void main(String[] a) { System.out.println("hello from java"); } }\n'},
        "javac A.java && java -cp . A",
        "hello from java\n",
    ),
}  # fmt: skip


def on_host(name: str) -> bool:
    try:
        return all(on_this_machine(each) for each in in_order([name]))
    except SandboxUnavailable:
        return False


def wanted(name: str) -> str:
    """C is on every machine that tests; the others where somebody installed them."""
    if name != "c" and not on_host(name):
        pytest.skip(f"this machine has no toolchain {name}")
    return name


def build_and_run(sandbox: DockerSandbox | BubblewrapSandbox, name: str) -> Outcome:
    files, command, _ = PROGRAMS[name]
    with sandbox.open(LIMITS) as box:
        box.put(files)
        return box.run(["sh", "-c", command], LIMITS)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.close()


@pytest.fixture(scope="module")
def image(daemon: Daemon) -> Iterator[str]:
    """The machine's image under another name and id, so that layers made here are this test's own."""
    source = find_image(daemon)
    tag = f"repowright-python:test-{os.getpid()}"
    recipe = f"FROM {source}\nLABEL repowright.test={os.getpid()}\n"
    run = daemon.api.build(fileobj=io.BytesIO(recipe.encode()), tag=tag, rm=True, decode=True)
    assert not [event for event in run if "error" in event]
    yield tag
    for layer in layers_on(daemon, tag):
        daemon.api.remove_image(layer.image, force=True)
    daemon.api.remove_image(tag, force=True)


@pytest.mark.docker
def test_an_image_without_the_toolchain_says_how_to_make_one(
    daemon: Daemon, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPOWRIGHT_IMAGE", image)
    with pytest.raises(SandboxUnavailable, match="repowright sandbox build --with c --with rust"):
        find_image(daemon, ["rust"])


@pytest.mark.slow
@pytest.mark.docker
@pytest.mark.parametrize("name", sorted(TOOLCHAINS))
def test_a_container_builds_and_runs_a_program(
    daemon: Daemon, image: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("REPOWRIGHT_IMAGE", image)
    made = build_image(toolchains=[wanted(name)], toolchain_source="host")
    sandbox = DockerSandbox(toolchains=[name], ahead=False)
    outcome = build_and_run(sandbox, name)
    sandbox.close()
    assert (outcome.exit_code, outcome.stdout) == (0, PROGRAMS[name][2]), outcome.stderr
    labels = image_labels(daemon, made)
    assert labels[f"repowright.toolchain.{name}"] == version_number(on_this_machine(TOOLCHAINS[name]).version)
    said: list[str] = []
    assert build_image(said.append, toolchains=[name], toolchain_source="host") == made
    assert said == []


@pytest.mark.bubblewrap
@pytest.mark.parametrize("name", sorted(TOOLCHAINS))
def test_a_bubblewrap_box_builds_and_runs_a_program(cache: Path, name: str) -> None:
    sandbox = BubblewrapSandbox(cache, toolchains=[wanted(name)])
    outcome = build_and_run(sandbox, name)
    sandbox.close()
    assert (outcome.exit_code, outcome.stdout) == (0, PROGRAMS[name][2]), outcome.stderr


@pytest.mark.bubblewrap
def test_a_box_cannot_change_the_toolchain_it_sees(cache: Path) -> None:
    sandbox = BubblewrapSandbox(cache, toolchains=["c"])
    with sandbox.open(LIMITS) as box:
        outcome = box.run(["sh", "-c", "rm -f /opt/toolchain/bin/cc || echo refused"], LIMITS)
    sandbox.close()
    assert outcome.stdout == "refused\n"


def test_toolchains_come_in_one_order_with_what_they_need() -> None:
    assert [each.name for each in in_order(["rust", "node"])] == ["c", "node", "rust"]
    assert in_order(["rust", "c"]) == in_order(["c", "rust"]) == in_order(["rust"])


def test_an_unknown_toolchain_is_named() -> None:
    with pytest.raises(SandboxUnavailable, match="there is no toolchain 'cobol'"):
        in_order(["cobol"])


def test_a_toolchain_that_is_not_installed_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable, match="apt-get install nodejs"):
        on_this_machine(TOOLCHAINS["node"])


def test_a_package_brings_what_it_depends_on_but_not_the_base() -> None:
    needs = {"gcc": ("gcc-12", "python3"), "gcc-12": ("libc",), "libc6": (), "python3": ()}
    provider = {"gcc": "gcc", "gcc-12": "gcc-12", "libc": "libc6", "python3": "python3"}
    assert Packages(needs, provider).closure(["gcc", "absent"]) == ("gcc", "gcc-12", "libc6")


@pytest.mark.docker
def test_without_an_image_for_a_toolchain_bubblewrap_is_chosen(
    image: str, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPOWRIGHT_CACHE", str(cache))
    monkeypatch.setenv("REPOWRIGHT_IMAGE", image)
    build_image(toolchains=["c"], toolchain_source="host")
    chosen = [choose(toolchains=["c"]), choose(toolchains=["c", wanted("java")])]
    assert [each.name for each in chosen] == ["docker", "bubblewrap"]
    for each in chosen:
        each.close()


@pytest.mark.bubblewrap
@pytest.mark.parametrize(
    ("framework", "toolchain", "files", "passed"),
    [("ctest", "c", C, 1), ("cargo", "rust", RUST, 4), ("node", "node", NODE, 3)],
)
def test_test_suites_of_other_languages_run_isolated(
    cache: Path, framework: str, toolchain: str, files: dict[str, bytes], passed: int
) -> None:
    sandbox = BubblewrapSandbox(cache, toolchains=[wanted(toolchain)])
    report = run_tests(sandbox, files, framework_named(framework), TestRequest(), LIMITS)
    sandbox.close()
    assert (report.ended, report.count(TestOutcome.PASSED)) == (Ended.EXITED, passed), report.output
