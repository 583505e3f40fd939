"""Crates that a project asks for, met without a registry: small ones of our own, and those nobody uses taken out.

A sandbox has no network, and a crate that only a manifest names is no reason to fail. What was done is told, and the
project's own files but its manifest stay as they are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

MANIFEST = "Cargo.toml"
FOLDER = "stand-ins"
"""Where in a crate the small ones lie."""
STAND_INS: Mapping[str, str] = {"bytemuck": "1.0.0", "lazy_static": "1.5.0", "libc": "0.2.999", "rand": "0.9.0"}
"""Crates that are stood in for, with the version that a lock file would show."""
_TABLES = ("dependencies", "dev-dependencies", "build-dependencies")
_HEADER = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+\s*(?:#.*)?$")
_KEY = re.compile(r'^\s*"?([\w-]+)"?\s*[.=]')


@dataclass(frozen=True)
class Offline:
    """A crate that needs no registry, as far as that can be had.

    Parameters
    ----------
    stood_in
        Crates that a small one stands in for.
    dropped
        Crates that the manifest names and the code does not.
    missing
        Crates that stay asked for: they must be in the sandbox.
    """

    files: Mapping[str, bytes]
    stood_in: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def tier(self) -> str:
        """``A`` for a crate that needs no other, ``B`` where stand-ins do, ``C`` where others are needed."""
        return "C" if self.missing else "B" if self.stood_in else "A"


def offline(files: Mapping[str, bytes]) -> Offline:
    """Return a crate with stand-ins for what it uses; one whose manifest cannot be read is returned as it is."""
    text = files.get(MANIFEST, b"").decode("utf-8", "replace")
    try:
        asked = _asked(tomllib.loads(text))
    except tomllib.TOMLDecodeError:
        return Offline(files)
    used = {name for name in {*asked, *STAND_INS} if _is_used(name, files)}
    stood_in = tuple(sorted(used & STAND_INS.keys()))
    dropped = tuple(sorted(asked - used))
    missing = tuple(sorted(asked & used - STAND_INS.keys()))
    if not stood_in and not dropped:
        return Offline(files, (), (), missing)
    manifest = _with(_without(text, {*stood_in, *dropped}), stood_in)
    added = {path: data for name in stood_in for path, data in _crate(name).items()}
    return Offline({**files, **added, MANIFEST: manifest.encode()}, stood_in, dropped, missing)


def _asked(manifest: Mapping[str, object]) -> set[str]:
    tables = [manifest.get(name) for name in _TABLES]
    return {name for table in tables if isinstance(table, dict) for name, wanted in table.items() if not _own(wanted)}


def _own(wanted: object) -> bool:
    """Tell whether a dependency lies beside the crate."""
    return isinstance(wanted, dict) and "path" in wanted


def _is_used(name: str, files: Mapping[str, bytes]) -> bool:
    word = re.escape(name.replace("-", "_")).encode()
    named = re.compile(rb"(?<![\w:])" + word + rb"\s*(?:::|!)|\b(?:use|extern\s+crate)\s+(?:::)?" + word + rb"\b")
    own = (data for path, data in files.items() if path.endswith(".rs") and not path.startswith(f"{FOLDER}/"))
    return any(named.search(data) for data in own)


def _without(manifest: str, names: set[str]) -> str:
    """The manifest's text without some dependencies."""
    kept: list[str] = []
    table = ""
    for line in manifest.splitlines():
        header = _HEADER.match(line)
        table = header[1].replace('"', "").replace(" ", "") if header else table
        first, _, rest = table.partition(".")
        key = _KEY.match(line)
        in_table = first in _TABLES and rest in names
        if not in_table and not (table in _TABLES and not header and key and key[1] in names):
            kept.append(line)
    return "\n".join(kept).rstrip("\n") + "\n"


def _with(manifest: str, names: tuple[str, ...]) -> str:
    """The manifest's text with stand-ins, in the table of dependencies that it has, or a new one."""
    lines = manifest.splitlines()
    wanted = [f'{name} = {{ path = "{FOLDER}/{name}" }}' for name in names]
    heads = [number for number, line in enumerate(lines) if (found := _HEADER.match(line)) and found[1] == _TABLES[0]]
    if not wanted:
        return manifest
    if heads:
        lines[heads[0] + 1 : heads[0] + 1] = wanted
    else:
        lines += ["", f"[{_TABLES[0]}]", *wanted]
    return "\n".join(lines) + "\n"


def _crate(name: str) -> dict[str, bytes]:
    code = resources.files(__package__).joinpath("shims", f"{name}.rs.txt").read_bytes()
    manifest = f'[package]\nname = "{name}"\nversion = "{STAND_INS[name]}"\nedition = "2021"\n\n[workspace]\n'
    return {f"{FOLDER}/{name}/Cargo.toml": manifest.encode(), f"{FOLDER}/{name}/src/lib.rs": code}
