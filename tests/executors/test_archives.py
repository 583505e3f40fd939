from __future__ import annotations

import io
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from repowright.executors import SandboxError
from repowright.executors.archives import check_archive, is_plain
from repowright.executors.images.frozen import plain_files


def archive(entry: tarfile.TarInfo, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as opened:
        opened.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def header(size: int, kind: bytes = b"0") -> bytes:
    entry = tarfile.TarInfo("file")
    entry.type = kind
    block = bytearray(entry.tobuf(tarfile.GNU_FORMAT)[:512])
    block[124:136] = (b"\xff" if size < 0 else b"\x80") + (size % (1 << 88)).to_bytes(11, "big")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def sparse(declared: int) -> bytes:
    entry = tarfile.TarInfo("lib/huge.bin")
    table = b"1\n0\n1\n".ljust(512, b"\0")
    entry.size = len(table) + 1
    entry.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "lib/huge.bin",
        "GNU.sparse.realsize": str(declared),
    }
    return archive(entry, table + b"x")


def test_a_small_archive_does_not_become_a_huge_file() -> None:
    data = sparse(4_000_000_000)
    with tarfile.open(fileobj=io.BytesIO(data)) as opened:
        (entry,) = opened
    assert entry.isreg() and entry.size == 4_000_000_000
    assert not is_plain(entry, len(data))
    assert_refused(data)


def test_a_sparse_file_is_refused_though_it_is_small() -> None:
    assert_refused(sparse(600))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(header(0) + header(-512), id="back to itself"),
        pytest.param(header(0) + header(0) + header(-1024), id="back to another"),
        pytest.param(header(-(1 << 70)), id="back before all files"),
        pytest.param(header(1 << 70), id="beyond all files"),
        pytest.param(header(4, b"S"), id="sparse map"),
        pytest.param(header(512, b"x") + b"1" * 512 + header(0), id="extended header"),
        pytest.param((header(2, b"L") + b"a\0".ljust(512, b"\0")) * 2000 + header(0), id="names of names"),
        pytest.param(header(0, b"\0"), id="kind before all standards"),
    ],
)
@pytest.mark.timeout(10)
def test_an_archive_that_tricks_its_reader_is_refused(data: bytes) -> None:
    assert_refused(data + bytes(1024))


def test_long_names_and_links_of_gnu_tar_are_read(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 50) / ("name" * 50)
    folder.mkdir(parents=True)
    (folder / "file").write_bytes(b"x" * 700)
    (folder / "link").symlink_to("target" * 30)
    (folder / "hard").hardlink_to(folder / "file")
    os.mkfifo(folder / "pipe")
    argv = ["tar", "-c", "-f", "-", "-C", str(tmp_path), "."]
    data = subprocess.run(argv, check=True, capture_output=True, timeout=10, stdin=subprocess.DEVNULL).stdout
    (found,) = plain_files(data)
    assert (Path(found.path).parent, found.data) == (folder.relative_to(tmp_path), b"x" * 700)


def assert_refused(data: bytes) -> None:
    with pytest.raises(SandboxError, match="has no place in it"):
        list(plain_files(data))
    with pytest.raises(tarfile.TarError, match="has no place in it"):
        check_archive(data)


def test_an_ordinary_file_is_taken() -> None:
    entry = tarfile.TarInfo("lib/a.py")
    entry.size = 4
    assert [(file.path, file.data) for file in plain_files(archive(entry, b"pass"))] == [("lib/a.py", b"pass")]
