"""The artifact store of a run: bytes under their own hash, so that a workflow's state holds ids alone."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from repowright.agent.atomic import write_atomically
from repowright.agent.errors import RunDamaged

_ADDRESS = re.compile(r"[0-9a-f]{64}")


class ArtifactStore:
    """Content-addressed files below one folder.

    Parameters
    ----------
    folder
        Made on the first write.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = ArtifactStore(Path(folder))
    ...     store.get(store.put(b"plan"))
    b'plan'
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes) -> str:
        """Keep ``data`` and return its address, 64 hex digits of SHA-256; the same bytes are kept once."""
        address = hashlib.sha256(data).hexdigest()
        path = self._path(address)
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, data)
        return address

    def put_text(self, text: str) -> str:
        """Keep ``text`` as UTF-8."""
        return self.put(text.encode())

    def get(self, address: str) -> bytes:
        """Return the bytes kept under ``address``.

        Raises
        ------
        RunDamaged
            If nothing is kept there, or what is there no longer has that hash.
        """
        if not _ADDRESS.fullmatch(address):
            raise RunDamaged(f"not the address of an artifact: {address!r}", "the run folder was altered")
        try:
            data = self._path(address).read_bytes()
        except OSError as err:
            raise RunDamaged(
                f"artifact {address[:12]} is missing from {self.folder}",
                "start the run anew, or restore the folder",
            ) from err
        if hashlib.sha256(data).hexdigest() != address:
            raise RunDamaged(f"artifact {address[:12]} in {self.folder} was altered", "restore it from a copy")
        return data

    def get_text(self, address: str) -> str:
        """Return what ``put_text`` kept.

        Raises
        ------
        RunDamaged
            As ``get``; also when the artifact is not text.
        """
        try:
            return self.get(address).decode()
        except UnicodeDecodeError as err:
            raise RunDamaged(f"artifact {address[:12]} is not text", "the run folder was altered") from err

    def __contains__(self, address: str) -> bool:
        return bool(_ADDRESS.fullmatch(address)) and self._path(address).is_file()

    def _path(self, address: str) -> Path:
        return self.folder / address[:2] / address[2:]
