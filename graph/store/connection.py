"""Opening the file of a stored graph, and what may be wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from repowright.graph.errors import SchemaError, SchemaTooNew, StoreError, StoreLocked
from repowright.graph.store.schema import APPLICATION, SCHEMA, TABLES

_PATIENCE_S = 3.0


def connect(path: Path, *, create: bool, read_only: bool = False) -> sqlite3.Connection:
    """Return a connection to a stored graph.

    Parameters
    ----------
    create
        Whether a file that is missing or empty becomes a stored graph.

    Raises
    ------
    StoreError
        If the file cannot be opened or is damaged.
    StoreLocked
        If another process works on it.
    SchemaError
        If it is a database but no stored graph.
    SchemaTooNew
        If a newer version wrote it.
    """
    if not create and not path.is_file():
        raise StoreError(f"there is no stored graph at {path}", "make one with repowright encode")
    with speaking(path):
        # Every thread of a process may use it, one at a time, and sqlite3 itself begins no transaction.
        connection = sqlite3.connect(
            _uri(path, "ro" if read_only else "rwc"),
            uri=True,
            timeout=_PATIENCE_S,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            _settle(connection, path, create)
        except BaseException:
            connection.close()
            raise
    return connection


@contextmanager
def speaking(path: Path) -> Iterator[None]:
    """Turn what SQLite says into errors that name the file."""
    try:
        yield
    except sqlite3.OperationalError as err:
        text = str(err)
        if "locked" in text or "busy" in text:
            raise StoreLocked(f"another process works on {path}", "try again when it is done") from err
        raise StoreError(f"{path} cannot be used: {text}", "see to the path, its permissions and the disk") from err
    except sqlite3.DatabaseError as err:
        raise StoreError(f"{path} is damaged: {err}", "remove it and encode again") from err


def _settle(connection: sqlite3.Connection, path: Path, create: bool) -> None:
    application = _pragma(connection, "application_id")
    if application == APPLICATION:
        _check_version(_pragma(connection, "user_version"), path)
    elif create and _is_empty(connection):
        _make(connection)
    else:
        raise SchemaError(f"{path} is a database but no stored graph", "name another file")
    # A rollback journal keeps the graph one file, and is small where little changes.
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA temp_store = MEMORY")


def _check_version(version: int, path: Path) -> None:
    if version > SCHEMA:
        raise SchemaTooNew(f"{path} has store schema {version}, written by a newer version", "upgrade repowright")
    if version < SCHEMA:
        raise SchemaError(f"{path} has store schema {version}, not {SCHEMA}", "remove it and encode again")


def _make(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA page_size = 8192")
    connection.execute("BEGIN IMMEDIATE")
    if _is_empty(connection):
        for statement in TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {SCHEMA}")
    connection.execute("COMMIT")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"
