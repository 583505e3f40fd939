from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from second_daemon import IMAGE, SecondDaemon, second_daemon

from repowright.executors import BubblewrapSandbox, DockerSandbox, Limits
from repowright.executors.docker.client import Daemon
from repowright.executors.docker.ownership import DEADLINE, OWNER, owner_labels
from repowright.executors.limits import cgroup
from repowright.executors.ownership import Owner, label_is_gone, owner_of_label, tag_is_gone, this_owner
from repowright.executors.reaping import reap, reap_docker

LIMITS = Limits(memory_mb=64, disk_mb=8, pids=32)
LEAVE_BOX = """
import os, sys
from pathlib import Path
from repowright.executors import BubblewrapSandbox, Limits
from repowright.executors.ownership import this_owner
box = BubblewrapSandbox(Path(sys.argv[1])).open(Limits(memory_mb=64, disk_mb=8, pids=32))
box.put({"left": b"x"})
print(this_owner().label, flush=True)
os.kill(os.getpid(), 9)
"""
LEAVE_LOCAL = """
import os, threading
from repowright.executors import Limits, LocalSandbox
box = LocalSandbox().open(Limits())
print(box._folder, flush=True)
threading.Timer(0.7, lambda: os.kill(os.getpid(), 9)).start()
box.run(["sleep", "300"], Limits(wall_s=300))
"""


@pytest.fixture
def gone() -> Owner:
    """An owner that ran here and is gone."""
    process = subprocess.Popen(["true"])
    owner = replace(this_owner(), pid=process.pid, started="1")
    process.wait()
    return owner


@pytest.fixture(scope="module")
def second() -> Iterator[SecondDaemon]:
    with second_daemon() as running:
        yield running


@pytest.fixture
def daemon(second: SecondDaemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon that no other sandbox reaps meanwhile."""
    monkeypatch.setenv("DOCKER_HOST", second.address)
    connected = Daemon()
    yield connected
    connected.close()


def test_an_owner_is_told_from_a_later_process_with_its_pid(gone: Owner) -> None:
    mine = this_owner()
    assert owner_of_label(mine.label) == mine
    assert not label_is_gone(mine.label)
    assert not tag_is_gone(f".making-{mine.tag}-x")
    assert label_is_gone(replace(mine, started="1").label)
    assert label_is_gone(gone.label)
    assert tag_is_gone(f".making-{gone.tag}-x")


def test_owners_of_another_place_are_taken_to_live_unless_the_machine_was_started_since() -> None:
    other = replace(this_owner(), namespace="pid:[1]", started="1")
    assert not label_is_gone(other.label)
    assert not tag_is_gone(other.tag)
    assert tag_is_gone(replace(other, boot="0" * 32).tag)
    assert not tag_is_gone("nobody's")


@pytest.mark.docker
def test_every_kind_that_docker_keeps_is_reaped_once_its_owner_is_gone(daemon: Daemon, gone: Owner) -> None:
    api = daemon.api
    labels = {OWNER: gone.label, DEADLINE: str(int(time.time()) + 600)}
    container = daemon.create(IMAGE, ["sleep", "100"], {"network_mode": "none"}, labels)
    volume = api.create_volume(labels=labels)["Name"]
    network = api.create_network(f"repowright-test-{gone.pid}", internal=True, labels=labels)["Id"]
    image = api.commit(container, conf={"Labels": labels})["Id"]
    looked = reap_docker(daemon, time.time(), only_look=True)
    assert daemon.is_running(container)
    found = reap_docker(daemon, time.time())
    for reaped in (looked, found):
        assert container in reaped.containers
        assert volume in reaped.volumes
        assert network in reaped.networks
        assert image in reaped.images
    assert found.kept == ()
    again = reap_docker(daemon, time.time())
    left = {*again.containers, *again.volumes, *again.networks, *again.images}
    assert left.isdisjoint({container, volume, network, image})


@pytest.mark.docker
def test_what_lives_is_left_alone_until_its_deadline(daemon: Daemon) -> None:
    labels = owner_labels(time.time(), 600)
    volume = daemon.api.create_volume(labels=labels)["Name"]
    try:
        assert volume not in reap_docker(daemon, time.time()).volumes
        late = reap_docker(daemon, time.time() + 601, only_look=True)
        assert volume in late.volumes
    finally:
        daemon.api.remove_volume(volume)


@pytest.mark.docker
def test_a_finished_image_made_from_a_box_of_a_gone_owner_is_kept(daemon: Daemon, gone: Owner) -> None:
    labels = {OWNER: gone.label}
    container = daemon.create(IMAGE, ["sleep", "100"], {"network_mode": "none"}, labels)
    name = f"repowright-test-kept:{gone.pid}"
    image = daemon.api.commit(container, *name.split(":"), conf={"Labels": labels})["Id"]
    try:
        assert image not in reap_docker(daemon, time.time()).images
        assert daemon.has_image(name)
    finally:
        daemon.api.remove_image(name, force=True)


@pytest.mark.bubblewrap
def test_a_slot_of_a_killed_process_is_found_and_emptied_at_the_next_start(cache: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LEAVE_BOX, str(cache)], capture_output=True, text=True, timeout=60)
    owner = owner_of_label(done.stdout.strip())
    folders = [path for path in (cache / "boxes").iterdir() if path.suffix != ".lock"]
    assert len(folders) == 1
    looked = reap([cache], docker=False, only_look=True)
    assert str(folders[0]) in looked.folders
    assert folders[0].exists()
    if os.geteuid() == 0:
        assert str(folders[0]) in looked.mounts
        assert [name for name in looked.groups if owner.tag in name]
    BubblewrapSandbox(cache).close()
    assert not folders[0].exists()
    assert not [name for name in cgroup.groups_named("") if owner.tag in name]


@pytest.mark.bubblewrap
def test_a_slot_in_use_is_left_alone_until_its_deadline(cache: Path) -> None:
    sandbox = BubblewrapSandbox(cache)
    with sandbox.open(LIMITS) as box:
        box.put({"mine": b"x"})
        assert reap([cache], docker=False).folders == ()
        assert box.get(["mine"]) == {"mine": b"x"}
    sandbox.close()


def test_a_half_made_runtime_goes_with_its_maker(tmp_path: Path, gone: Owner) -> None:
    runtimes = tmp_path / "runtimes"
    dead, alive = runtimes / f".making-{gone.tag}-a", runtimes / f".making-{this_owner().tag}-b"
    for path in (dead, alive):
        (path / "venv").mkdir(parents=True)
    assert reap([tmp_path], docker=False).folders == (str(dead),)
    assert sorted(runtimes.iterdir()) == [alive]


def test_a_command_of_a_killed_local_sandbox_is_killed_and_its_folder_removed() -> None:
    done = subprocess.Popen([sys.executable, "-c", LEAVE_LOCAL], stdout=subprocess.PIPE, text=True)
    assert done.stdout is not None
    folder = Path(done.stdout.readline().strip())
    done.wait(30)
    done.stdout.close()
    try:
        found = reap([], docker=False)
        assert str(folder) in found.folders
        assert len(found.processes) >= 1
        assert not folder.exists()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.docker
def test_the_command_names_what_it_removed(gone: Owner, daemon: Daemon) -> None:
    volume = daemon.api.create_volume(labels={OWNER: gone.label})["Name"]
    argv = [sys.executable, "-m", "repowright.tui", "sandbox", "reap", "--json"]
    looked = subprocess.run([*argv, "--only-look"], capture_output=True, text=True, timeout=60, check=True)
    assert volume in json.loads(looked.stdout)["volumes"]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=True)
    assert volume in json.loads(done.stdout)["volumes"]
    assert volume not in [each["Name"] for each in daemon.api.volumes()["Volumes"] or ()]


@pytest.mark.docker
def test_a_sandbox_reaps_volumes_too_when_it_starts(gone: Owner, daemon: Daemon) -> None:
    volume = daemon.api.create_volume(labels={OWNER: gone.label})["Name"]
    DockerSandbox(IMAGE, ahead=False).close()
    assert volume not in [each["Name"] for each in daemon.api.volumes()["Volumes"] or ()]


def test_what_is_mounted_in_a_half_made_runtime_is_unmounted_and_never_entered(tmp_path: Path, gone: Owner) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "precious").write_text("kept", encoding="utf-8")
    dead = tmp_path / "cache" / "runtime" / f".making-{gone.tag}-a"
    inside = dead / "root" / "a folder"
    inside.mkdir(parents=True)
    subprocess.run(["mount", "--bind", str(mine), str(inside)], check=True)
    found = reap([tmp_path / "cache"], docker=False)
    assert (found.folders, found.kept, dead.exists()) == ((str(dead),), (), False)
    assert (mine / "precious").read_text(encoding="utf-8") == "kept"
    assert str(inside).replace(" ", "\\040") not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def test_a_folder_in_which_something_stays_mounted_is_named_and_kept(tmp_path: Path, gone: Owner) -> None:
    dead = tmp_path / "cache" / "runtime" / f".making-{gone.tag}-a"
    inside = dead / "root"
    inside.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(inside)], check=True)
    try:
        with (inside / "in use").open("w", encoding="utf-8"):
            found = reap([tmp_path / "cache"], docker=False)
        assert found.folders == () and str(inside) in found.kept[0]
        assert (inside / "in use").exists()
    finally:
        subprocess.run(["umount", str(inside)], check=True)
