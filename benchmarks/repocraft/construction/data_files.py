"""Which files of the release a test opens, and which it would open that the release lacks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from repowright.repo_tools.python_ast import dotted

_JOINS = frozenset({"os.path.join", "path.join", "join", "datapath", "joinpath", "Path", "pathlib.Path"})
_DATA = re.compile(
    r".*\.(csv|tsv|txt|json|xlsx?|xlsb|ods|dta|sas7bdat|xpt|sav|h5|hdf|parquet|feather|orc|pkl|pickle|html|xml|xsl"
    r"|np[yz]|dat|gz|bz2|zip|tar|xz|zst|db|sqlite|png|jpg|gif|svg|mtx|arff|pem|crt|key|[mp]o|bin|ini|cfg|toml|ya?ml)",
    re.IGNORECASE,
)
_OPENS = frozenset({"open", "io.open", "codecs.open"})


@dataclass(frozen=True)
class OpenedFiles:
    """Files that a test reads.

    Parameters
    ----------
    found
        Relative to the root, sorted.
    missing
        Ends of paths that no file of the release has.
    """

    found: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class ReleaseFiles:
    """All files of a release, by the end of their paths."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._by_name: dict[str, list[str]] = {}
        for path in sorted(paths):
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)

    def ending(self, tail: str, near: str) -> str:
        """Return the file whose path ends with ``tail``, the one that shares most with ``near``; empty if none."""
        wanted = [part for part in tail.split("/") if part not in {"", ".", ".."}]
        end = "/" + "/".join(wanted)
        fits = [path for path in self._by_name.get(wanted[-1] if wanted else "", ()) if f"/{path}".endswith(end)]
        return min(fits, key=lambda path: (-_shared(path, near), path), default="")


def opened_files(nodes: Sequence[ast.AST], anchors: frozenset[str], file: str, release: ReleaseFiles) -> OpenedFiles:
    """Look for paths that are written out.

    Parameters
    ----------
    nodes
        All nodes of a test and of the helpers it calls.
    anchors
        Names of the module that stand for folders of the sources; see `anchors_of`.
    """
    tails = [tail for node in nodes for tail in _tails(node, anchors)]
    written = {tail for node in nodes for tail in _written(node)}
    found, missing = [], []
    for tail in dict.fromkeys(tails):
        path = release.ending(tail, file)
        if path:
            found.append(path)
        elif tail not in written:
            missing.append(tail)
    return OpenedFiles(tuple(sorted(set(found))), tuple(missing))


def anchors_of(tree: ast.Module) -> frozenset[str]:
    """Return the module's names that are made from ``__file__``, in one step or several."""
    anchors = {"__file__"}
    for node in tree.body:
        if isinstance(node, ast.Assign) and _mentions(node.value, anchors):
            anchors |= {dotted(target) for target in node.targets if dotted(target)}
    return frozenset(anchors)


def _tails(node: ast.AST, anchors: frozenset[str]) -> Iterator[str]:
    if isinstance(node, ast.Call):
        yield from _of_call(node, anchors)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _mentions(node, anchors):
        tail = _literal_tail(list(_divided(node)))
        yield from [tail] if _DATA.fullmatch(tail) else []


def _of_call(node: ast.Call, anchors: frozenset[str]) -> Iterator[str]:
    name = dotted(node.func) or (node.func.attr if isinstance(node.func, ast.Attribute) else "")
    if name in _OPENS and node.args and not _writes(node):
        text = _text(node.args[0])
        yield from [text] if text and "/" not in text[:1] and PurePosixPath(text).suffix else []
    elif name in _JOINS or name.endswith((".join", ".joinpath")):
        tail = _literal_tail(node.args)
        anchored = name.endswith("datapath") or _mentions(node, anchors)
        yield from [tail] if anchored and _DATA.fullmatch(tail) else []


def _written(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and dotted(node.func) in _OPENS and node.args and _writes(node):
        yield _text(node.args[0])


def _writes(node: ast.Call) -> bool:
    modes = [*node.args[1:2], *(keyword.value for keyword in node.keywords if keyword.arg == "mode")]
    return any(set(_text(mode)) & set("wax") for mode in modes)


def _literal_tail(parts: Sequence[ast.expr]) -> str:
    """Join the literal parts at the end of a path; empty if its last part is not written out."""
    tail: list[str] = []
    for part in reversed(parts):
        text = _text(part)
        if not text:
            break
        tail.insert(0, text)
    return "/".join(tail)


def _divided(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        yield from _divided(node.left)
        yield node.right
    else:
        yield node


def _mentions(node: ast.AST, names: Iterable[str]) -> bool:
    wanted = set(names)
    return any(isinstance(part, ast.Name | ast.Attribute) and dotted(part) in wanted for part in ast.walk(node))


def _text(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _shared(path: str, near: str) -> int:
    pairs = zip(path.split("/"), near.split("/"), strict=False)
    return next((count for count, (left, right) in enumerate(pairs) if left != right), 0)
