"""What a request shows of a package: the items to be written, signatures and types of the rest."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from repowright.agent.workflows.translate.python.frame import is_own_code
from repowright.agent.workflows.translate.target import Wishes
from repowright.repo_tools.python_items import Item, Source, head_lines, is_stub, read_source

SHORT_FILE = 9_000
"""Characters of a file up to which all that is written of it is shown."""
MOST_OTHERS = 16_000
_WORD = re.compile(r"[^\W\d]\w*")
_ROUNDS = 3


class PythonViews:
    """Python."""

    task = "translate_python/_task"
    remark = "#"

    def file(self, text: str, items: Sequence[str], c_text: str) -> str:
        """A file; where it is long, without the bodies of functions that nobody asks for."""
        source = read_source(text)
        hidden = [
            each
            for each in source.items
            if each.is_function and each.path not in items and (is_stub(each) or len(text) > SHORT_FILE)
        ]
        return _without(source, hidden)

    def others(self, files: Mapping[str, bytes], wanted: Wishes, c_text: str) -> str:
        """Types, constants and signatures of other modules that the C or they themselves name."""
        words = set(_WORD.findall(c_text))
        for path, items in wanted.items():
            source = read_source(_text(files[path]))
            words |= {word for name in items for word in _WORD.findall(_shown(source, source.find(name)))}
        sources = {path: read_source(_text(data)) for path, data in sorted(files.items()) if is_own_code(path)}
        return _joined(_needed({path: each for path, each in sources.items() if path not in wanted}, words))

    def dependencies(self, files: Mapping[str, bytes]) -> str:
        """Nothing: the standard library is all there is."""
        return ""


def current_text(files: Mapping[str, bytes], wanted: Wishes) -> str:
    """The items as they stand, each file under its path."""
    parts: list[str] = []
    for path, items in wanted.items():
        source = read_source(_text(files[path]))
        found = [item for name in items if (item := source.find(name)) is not None]
        parts.append(f"# {path}\n" + "\n\n".join(_in_place(source, item) for item in found))
    return "\n\n".join(parts)


def _in_place(source: Source, item: Item) -> str:
    """An item, within the head of the class it stands in."""
    owner = item.path.rpartition("::")[0]
    text = source.part(item)
    if not owner:
        return text
    indented = "\n".join(f"    {line}" if line else line for line in text.splitlines())
    return f"class {owner.replace('::', '.')}:\n{indented}"


def _without(source: Source, hidden: Collection[Item]) -> str:
    lines = source.text.splitlines()
    for item in sorted(hidden, key=lambda each: each.first, reverse=True):
        count = head_lines(source.text, item)
        if count:
            first = lines[item.first - 1]
            indent = first[: len(first) - len(first.lstrip())]
            said = "not written yet" if is_stub(item) else "written elsewhere"
            lines[item.first - 1 + count : item.last] = [f"{indent}    ...  # {said}"]
    return "\n".join(lines)


def _needed(sources: Mapping[str, Source], words: set[str]) -> dict[tuple[str, str], str]:
    taken: dict[tuple[str, str], str] = {}
    for _ in range(_ROUNDS):
        before = len(taken)
        for path, source in sources.items():
            for item in source.items:
                inside = (path, item.path.partition("::")[0]) in taken
                if (item.name in words or _plain(item.name) in words) and (path, item.path) not in taken and not inside:
                    taken[path, item.path] = text = _shown(source, item)
                    words |= set(_WORD.findall(text))
        if len(taken) == before:
            break
    return taken


def _plain(name: str) -> str:
    """A class's name as C spells it: ``ListNode`` is ``list_node``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _shown(source: Source, item: Item | None) -> str:
    if item is None:
        return ""
    if not item.is_function:
        return source.part(item)
    head = source.text.splitlines()[item.first - 1 : item.first - 1 + head_lines(source.text, item)]
    return "\n".join(line.strip() for line in head) + " ..."


def _joined(taken: Mapping[tuple[str, str], str]) -> str:
    lines: list[str] = []
    used = 0
    for path in dict.fromkeys(path for path, _ in taken):
        lines.append(f"# {path}")
        for text in (text for (each, _), text in taken.items() if each == path):
            used += len(text)
            if used > MOST_OTHERS:
                return "\n".join([*lines, "# more is left out"])
            lines.append(text)
        lines.append("")
    return "\n".join(lines).strip()


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
