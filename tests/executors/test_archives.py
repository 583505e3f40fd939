from __future__ import annotations

import io
import tarfile

from repowright.executors.archives import is_plain
from repowright.executors.images.frozen import plain_files


def archive(entry: tarfile.TarInfo, data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as opened:
        opened.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


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
    assert list(plain_files(data)) == []


def test_a_sparse_file_is_left_out_though_it_is_small() -> None:
    assert list(plain_files(sparse(600))) == []


def test_an_ordinary_file_is_taken() -> None:
    entry = tarfile.TarInfo("lib/a.py")
    entry.size = 4
    assert [(file.path, file.data) for file in plain_files(archive(entry, b"pass"))] == [("lib/a.py", b"pass")]
