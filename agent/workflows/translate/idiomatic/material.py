"""What a model is shown of a cluster: its C without what other clusters have, its headers, its users, its tests."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from repowright.agent.workflows.translate.c_excerpts import Excerpts
from repowright.agent.workflows.translate.context import listed
from repowright.agent.workflows.translate.encoding import EncodedC
from repowright.agent.workflows.translate.idiomatic.clusters import Cluster
from repowright.agent.workflows.translate.linking import Key
from repowright.repo_tools.c_source.project import includes_of, is_test_path

MOST_C = 60_000
"""Characters of C that one cluster is designed from, and as many of its headers."""
MOST_USERS, MOST_TEST = 12_000, 8_000
_EMPTY_LINES = re.compile(r"\n{3,}")


def holes(encoded: EncodedC, cluster: Cluster, target: str, files: Mapping[str, bytes]) -> dict[str, object]:
    """Return what fills the prompt of a cluster's design; ``files`` is the crate as it stands."""
    excerpts = Excerpts(encoded)
    return {
        "name": cluster.name,
        "target": target,
        "members": "\n\n".join(_members(encoded, excerpts, cluster))[:MOST_C],
        "headers": "\n\n".join(_text(encoded, path) for path in headers(encoded, _paths(cluster)))[:MOST_C],
        "users": "\n\n".join(excerpts.definition(key) for key in cluster.users)[:MOST_USERS],
        "others": "\n".join(f"// {path}\n{files[path].decode()}" for path in sorted(files) if path.endswith(".rs")),
        "tests": _test(encoded, cluster)[:MOST_TEST],
        "types": "\n".join(f"- {_named(each.names)}" for each in cluster.named_types),
        "functions": listed(key.name for key in cluster.asked),
    }


def _paths(cluster: Cluster) -> list[str]:
    return list(dict.fromkeys(key.path for key in cluster.functions))


def _named(names: Sequence[str]) -> str:
    others = ", ".join(f"`{each}`" for each in names[1:])
    return f"`{names[0]}`" + (f", also {others}" if others else "")


def _members(encoded: EncodedC, excerpts: Excerpts, cluster: Cluster) -> list[str]:
    """The files of a cluster's functions, without the functions that are no part of it."""
    own = set(cluster.functions)
    parts = []
    for path in _paths(cluster):
        text = "\n".join(_text(encoded, path).splitlines())
        for key in _functions(encoded, path):
            if key not in own:
                _, _, body = excerpts.definition(key).partition("\n")
                text = text.replace(body, "", 1)
        parts.append(f"/* {path} */\n" + _EMPTY_LINES.sub("\n\n", text).strip("\n"))
    return parts


def _functions(encoded: EncodedC, path: str) -> list[Key]:
    return [key for key in sorted(encoded.links.functions) if key.path == path and not is_test_path(path)]


def _text(encoded: EncodedC, path: str) -> str:
    return encoded.project.files[path].decode("utf-8", "replace")


def _test(encoded: EncodedC, cluster: Cluster) -> str:
    """The test that names most of a cluster's functions."""
    names = [re.compile(rf"\b{re.escape(key.name)}\b") for key in cluster.asked]
    texts = [_text(encoded, path) for path in sorted(encoded.project.tests)]
    counted = [sum(bool(name.search(text)) for name in names) for text in texts]
    best = max(range(len(texts)), key=lambda number: (counted[number], -number), default=None)
    return "" if best is None else texts[best]


def headers(encoded: EncodedC, paths: Sequence[str]) -> list[str]:
    """Headers of the project that files include, and those that these include."""
    project = encoded.project
    found: dict[str, None] = {}
    waiting = [(path, path) for path in paths]
    while waiting:
        here, origin = waiting.pop(0)
        for include in includes_of(project.files[here]):
            header = project.header_named(include.name, origin)
            if header and header not in found and not header.endswith(".c"):
                found[header] = None
                waiting.append((header, origin))
    return list(found)
