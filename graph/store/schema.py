"""The tables of a stored graph."""

from __future__ import annotations

SCHEMA = 1
"""Raised whenever the tables change; kept as SQLite's ``user_version``."""

APPLICATION = 0x52504731
"""Marks the file as a stored graph, ``RPG1``; kept as SQLite's ``application_id``."""

MAGIC = b"SQLite format 3\0"
"""What the file begins with."""

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    content TEXT NOT NULL,
    reader TEXT NOT NULL,
    size INTEGER, mtime_ns INTEGER, inode INTEGER,
    is_test INTEGER NOT NULL,
    error TEXT NOT NULL,
    imports BLOB NOT NULL
);
CREATE TABLE facts (key TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE contributions (
    file INTEGER PRIMARY KEY,
    modules BLOB NOT NULL,
    names BLOB NOT NULL,
    entries BLOB NOT NULL
);
CREATE TABLE nodes (file INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE edges (file INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE lookups (file INTEGER PRIMARY KEY, hashes BLOB NOT NULL);
CREATE TABLE modules (key TEXT NOT NULL, file INTEGER NOT NULL, PRIMARY KEY (key, file)) WITHOUT ROWID;
CREATE TABLE names (name TEXT NOT NULL, file INTEGER NOT NULL, key TEXT NOT NULL, PRIMARY KEY (name, file, key))
    WITHOUT ROWID;
CREATE TABLE groups (number INTEGER PRIMARY KEY, area TEXT NOT NULL, category TEXT NOT NULL, paths BLOB NOT NULL);
CREATE TABLE lifts (content TEXT PRIMARY KEY, feature TEXT NOT NULL, model TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE blobs (kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key));
"""
