"""Names that are not in scope: the import that is missing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from repowright.agent.workflows.translate.checks import Diagnostic
from repowright.agent.workflows.translate.checks.crate import is_own_code, module_of
from repowright.agent.workflows.translate.rules.fix import Fix, Replacement
from repowright.repo_tools.rust_source import ItemKind, read_items

_CODES = frozenset({"E0425", "E0412", "E0433", "E0405", "E0404", "E0422", "E0423", "E0531", "E0574", "E0599"})
_NAME = re.compile(r"`(?:\w+::)*(\w+)!?`")
_STANDARD = {
    "HashMap": "std::collections::HashMap", "HashSet": "std::collections::HashSet",
    "BTreeMap": "std::collections::BTreeMap", "BTreeSet": "std::collections::BTreeSet",
    "VecDeque": "std::collections::VecDeque", "BinaryHeap": "std::collections::BinaryHeap",
    "Rc": "std::rc::Rc", "Weak": "std::rc::Weak", "RefCell": "std::cell::RefCell", "Cell": "std::cell::Cell",
    "Arc": "std::sync::Arc", "Mutex": "std::sync::Mutex", "OnceLock": "std::sync::OnceLock",
    "Ordering": "std::cmp::Ordering", "Read": "std::io::Read", "Write": "std::io::Write", "BufRead": "std::io::BufRead",
    "BufReader": "std::io::BufReader", "File": "std::fs::File", "Path": "std::path::Path", "fmt": "std::fmt",
    "PathBuf": "std::path::PathBuf", "FromStr": "std::str::FromStr", "Duration": "std::time::Duration",
    "Instant": "std::time::Instant", "mem": "std::mem", "cmp": "std::cmp", "io": "std::io", "fs": "std::fs",
    "Wrapping": "std::num::Wrapping", "PhantomData": "std::marker::PhantomData", "Cow": "std::borrow::Cow",
    "Debug": "std::fmt::Debug", "Display": "std::fmt::Display", "Hash": "std::hash::Hash",
    "Hasher": "std::hash::Hasher",
}  # fmt: skip


class ImportRule:
    """Adds a ``use`` line: of the crate's own item of that name, of the standard library's, or as rustc suggests."""

    name = "imports"

    def fixes(self, diagnostic: Diagnostic, files: Mapping[str, bytes]) -> Iterable[Fix]:
        """The crate's own item first, where only one module has it."""
        if diagnostic.code not in _CODES or diagnostic.path not in files:
            return
        found = _NAME.search(diagnostic.message)
        name = found[1] if found is not None else ""
        paths = _own(name, diagnostic.path, files)
        standard = [_STANDARD[name]] if name in _STANDARD else []
        told = [
            each.text.strip() for parts in diagnostic.fixes for each in parts if each.text.strip().startswith("use ")
        ]
        lines = dict.fromkeys([*(f"use {each};" for each in (*paths, *standard)), *told])
        place = _place(files[diagnostic.path])
        for line in lines:
            yield Fix(self.name, diagnostic.code, (Replacement(diagnostic.path, place, place, f"{line}\n"),))


def _own(name: str, here: str, files: Mapping[str, bytes]) -> list[str]:
    """Paths of the crate's public items of a name, in other files."""
    found = []
    for path, data in files.items():
        if path == here or not is_own_code(path) or name.encode() not in data:
            continue
        for item in read_items(data).items:
            if item.name == name and item.path == name and item.public and item.kind is not ItemKind.USE:
                found.append("::".join(part for part in ("crate", module_of(path), name) if part))
    return found if len(found) == 1 else []


def _place(data: bytes) -> int:
    """Where imports begin: before the first item, behind inner attributes."""
    items = read_items(data).items
    return items[0].span.start if items else len(data)
