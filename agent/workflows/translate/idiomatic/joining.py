"""A part put behind what its file holds: what both have is there once, so that a file may come of several answers."""

from __future__ import annotations

import re

from repowright.repo_tools.rust_source import ItemKind, RustItem, RustSource, Span, read_items, replace_spans

_INNER_DOC = re.compile(r"^(\s*)//!", re.MULTILINE)


def joined_module(module: bytes, part: bytes) -> bytes:
    """Return the file with the part behind it, without items of the part that the file has word for word."""
    if not module.strip():
        return part
    known = read_items(module)
    have = {_words(known, item) for item in known.items}
    source = read_items(part)
    gone: dict[Span, str] = {}
    for item in source.items:
        inside = any(span.holds(item.span) for span in gone)
        if not inside and _words(source, item) in have and item.kind is not ItemKind.MODULE:
            gone[item.span] = ""
    text = _INNER_DOC.sub(r"\1//", replace_spans(source.text, gone) if gone else source.text)
    return f"{module.decode().rstrip()}\n\n{text.strip()}\n".encode()


def _words(source: RustSource, item: RustItem) -> tuple[str, str]:
    """Where an item stands, and what it says apart from white space and the comments above it."""
    owner = item.path.removesuffix(item.name)
    text = source.text.encode()[item.declared.start : item.declared.end].decode("utf-8", "replace")
    return owner, "".join(text.split()).replace(",}", "}").replace(",)", ")")
