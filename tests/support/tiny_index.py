"""A package index of a test's own on the loopback, and packages for it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BACKEND = """
import zipfile


def build_wheel(folder, settings=None, metadata=None):
{body}
    name = "{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder + "/" + name, "w") as archive:
        archive.writestr("{name}.py", "SEEN = " + repr(seen))
        archive.writestr("{name}-1.0.dist-info/METADATA", {metadata!r})
        archive.writestr("{name}-1.0.dist-info/WHEEL", {wheel!r})
        archive.writestr("{name}-1.0.dist-info/RECORD", "")
    return name
"""
PROJECT = """[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "1.0"
"""
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def wheel(name: str, files: Mapping[str, str], requires: str = "") -> tuple[str, bytes]:
    """A finished package: file name and content."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        needs = f"Requires-Dist: {requires}\n" if requires else ""
        info = f"{name}-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", METADATA.format(name=name) + needs)
        archive.writestr(f"{info}/WHEEL", WHEEL)
        archive.writestr(f"{info}/RECORD", "")
    return f"{name}-1.0-py3-none-any.whl", buffer.getvalue()


def source(name: str, body: str) -> tuple[str, bytes]:
    """A package that runs ``body`` when it is built; what it leaves in ``seen`` can be imported afterwards."""
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    files = {
        "pyproject.toml": PROJECT.format(name=name),
        "backend.py": BACKEND.format(name=name, body=indented, metadata=METADATA.format(name=name), wheel=WHEEL),
        "PKG-INFO": METADATA.format(name=name),
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-1.0/{path}")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return f"{name}-1.0.tar.gz", buffer.getvalue()


class TinyIndex:
    """Packages by file name."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.url = ""

    def add(self, package: tuple[str, bytes]) -> str:
        """Offer a package; return its hash as a lock names it."""
        self.files[package[0]] = package[1]
        return f"--hash=sha256:{hashlib.sha256(package[1]).hexdigest()}"

    def answer(self, path: str) -> tuple[str, bytes] | None:
        self.asked.append(path)
        place, _, name = path.strip("/").rpartition("/")
        if place == "files":
            data = self.files.get(name)
            return None if data is None else ("application/octet-stream", data)
        links = [f'<a href="/files/{file}">{file}</a>' for file in self.files if file.startswith(f"{name}-")]
        return ("text/html", "".join(links).encode()) if place == "simple" and links else None


@contextlib.contextmanager
def serving() -> Iterator[TinyIndex]:
    index = TinyIndex()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, data = index.answer(self.path) or ("", b"")
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "text/plain")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index.url = f"http://127.0.0.1:{server.server_port}/simple"
        yield index
        server.shutdown()
