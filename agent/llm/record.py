"""Everything a run was told, one checked file an answer: what resume and replay read."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from repowright.agent.errors import RunDamaged
from repowright.agent.llm.types import Reply, Request

FORMAT = 1
REPLY = "reply"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")

B = TypeVar("B", bound=BaseModel)


class Text(BaseModel):
    """Evidence kept as it is, such as a sandbox's test report in JSON."""

    model_config = ConfigDict(frozen=True)

    text: str


class Entry(BaseModel):
    """What a file of the record holds; ``checksum`` covers all the rest."""

    model_config = ConfigDict(frozen=True)

    format: int
    kind: str
    key: str
    task: str
    subject: str
    request_hash: str
    """SHA-256 of the canonical request, in full."""
    body: object
    checksum: str


class Record:
    """Answers in ``<folder>/<kind>/<key>.json``, each written whole or not at all.

    Headers never reach it, so it holds no key of an endpoint.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Reply | None:
        """The reply under ``key``, as it was stored.

        Raises
        ------
        RunDamaged
            If the file was altered, cut, or written by a newer version.
        """
        return self.fetch(REPLY, key, Reply)

    def keep(self, request: Request, model: str, reply: Reply) -> None:
        """Store the reply to a request.

        Raises
        ------
        RunDamaged
            If the file cannot be written, as for all that the record stores.
        """
        self._write(REPLY, request.key(model), reply, request.task, request.subject, request.canonical(model))

    def put(self, kind: str, key: str, body: BaseModel) -> None:
        """Store any other evidence under its own kind, such as ``sandbox``."""
        self._write(kind, key, body)

    def fetch(self, kind: str, key: str, model: type[B]) -> B | None:
        """Evidence of a kind, read back as ``model``; ``None`` if there is none.

        Raises
        ------
        RunDamaged
            If the file was altered, cut, or written by a newer version.
        """
        path = self._path(kind, key)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as err:
            raise RunDamaged(f"{path} cannot be read: {err.strerror}", "check the folder's permissions") from err
        entry = _opened(path, content)
        if (entry.kind, entry.key) != (kind, key):
            raise _damaged(path, "holds another answer than its name says")
        try:
            return model.model_validate(entry.body)
        except ValidationError as err:
            raise _damaged(path, f"does not hold a {model.__name__}") from err

    def put_text(self, kind: str, key: str, text: str) -> None:
        """Store text as evidence."""
        self.put(kind, key, Text(text=text))

    def get_text(self, kind: str, key: str) -> str | None:
        """Text stored as evidence."""
        found = self.fetch(kind, key, Text)
        return None if found is None else found.text

    def keys(self, kind: str = REPLY) -> list[str]:
        """Keys of a kind, sorted."""
        return sorted(path.stem for path in (self._folder / kind).glob("*.json") if _NAME.fullmatch(path.stem))

    def replies(self) -> Iterator[Reply]:
        """Every stored reply, in the order of keys."""
        for key in self.keys():
            reply = self.get(key)
            if reply is not None:
                yield reply

    def __len__(self) -> int:
        return len(self.keys())

    def __contains__(self, key: str) -> bool:
        return self._path(REPLY, key).is_file()

    def _path(self, kind: str, key: str) -> Path:
        for name in (kind, key):
            if not _NAME.fullmatch(name):
                raise ValueError(f"not a name for a file of the record: {name!r}")
        return self._folder / kind / f"{key}.json"

    def _write(
        self, kind: str, key: str, body: BaseModel, task: str = "", subject: str = "", request: str = ""
    ) -> None:
        path = self._path(kind, key)
        content = {
            "format": FORMAT,
            "kind": kind,
            "key": key,
            "task": task,
            "subject": subject,
            "request_hash": hashlib.sha256(request.encode()).hexdigest() if request else "",
            "body": body.model_dump(mode="json"),
        }
        sealed = content | {"checksum": _checksum(content)}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(sealed, indent=1).encode())
        except OSError as err:
            hint = "free some space or mend the permissions, then resume"
            raise RunDamaged(f"{path} cannot be written: {err.strerror}", hint) from err


class Replay:
    """Answers from the record of another run alone."""

    def __init__(self, source: Record) -> None:
        self._source = source

    def get(self, key: str) -> Reply | None:
        """The recorded reply; its source is ``replay``."""
        reply = self._source.get(key)
        return None if reply is None else reply.model_copy(update={"source": "replay"})

    def get_text(self, kind: str, key: str) -> str | None:
        """Recorded evidence."""
        return self._source.get_text(kind, key)

    def __len__(self) -> int:
        return len(self._source)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a crash at any moment leaves the old content or the new, never a part."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except OSError:
        scratch.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _checksum(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _opened(path: Path, content: bytes) -> Entry:
    try:
        raw = json.loads(content)
    except (ValueError, RecursionError) as err:
        raise _damaged(path, "is not JSON any more") from err
    version = raw.get("format") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > FORMAT:
        hint = "update repowright, or use the version that made the run"
        raise RunDamaged(f"{path} was written by a newer version (format {version})", hint)
    try:
        entry = Entry.model_validate(raw)
    except ValidationError as err:
        raise _damaged(path, "lacks parts of an answer") from err
    if entry.checksum != _checksum({name: value for name, value in raw.items() if name != "checksum"}):
        raise _damaged(path, "was altered after it was written")
    return entry


def _damaged(path: Path, what: str) -> RunDamaged:
    return RunDamaged(f"{path} {what}", "delete the file to ask the model again, or restore it")
