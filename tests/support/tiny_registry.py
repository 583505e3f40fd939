"""A registry of one image on the loopback: the few answers of the distribution API that a pull needs."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from repowright.executors.docker.client import Daemon

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class TinyRegistry:
    """Blobs by digest, and the manifests among them."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.address = ""

    def add(self, config: bytes, layers: list[bytes]) -> str:
        """Hold an image; return its digest."""
        self.blobs |= {digest_of(blob): blob for blob in (config, *layers)}
        manifest = json.dumps({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": digest_of(config)},
            "layers": [{"mediaType": LAYER, "size": len(blob), "digest": digest_of(blob)} for blob in layers],
        }).encode()  # fmt: skip
        self.manifests[digest_of(manifest)] = manifest
        return digest_of(manifest)

    def add_small(self, text: str) -> str:
        """Hold an image of one file."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            entry = tarfile.TarInfo("said.txt")
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
        layer = buffer.getvalue()
        root = {"type": "layers", "diff_ids": [digest_of(layer)]}
        config = json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": root}).encode()
        return self.add(config, [layer])

    def add_saved(self, daemon: Daemon, image: str) -> str:
        """Hold an image that the daemon has."""
        with tarfile.open(fileobj=io.BytesIO(b"".join(daemon.api.get_image(image)))) as archive:

            def read(name: str) -> bytes:
                file = archive.extractfile(name)
                assert file is not None
                return file.read()

            (saved,) = json.loads(read("manifest.json"))
            return self.add(read(saved["Config"]), [read(name) for name in saved["Layers"]])


@contextlib.contextmanager
def serving() -> Iterator[TinyRegistry]:
    registry = TinyRegistry()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            registry.asked.append(self.path)
            name = self.path.rpartition("/")[2]
            manifest = "/manifests/" in self.path
            data = registry.manifests.get(name) if manifest else registry.blobs.get(name)
            if self.path.rstrip("/") == "/v2":
                data = b"{}"
            self.send_response(404 if data is None else 200)
            self.send_header("Docker-Distribution-API-Version", "registry/2.0")
            self.send_header("Content-Type", MANIFEST if manifest else "application/octet-stream")
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data or b"")

        do_HEAD = do_GET

        def log_message(self, format: str, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        registry.address = f"127.0.0.1:{server.server_port}"
        yield registry
        server.shutdown()
