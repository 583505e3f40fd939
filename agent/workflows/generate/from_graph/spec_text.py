"""A specification written from a graph without a model: areas and features as Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from repowright.agent.graph_origin import Keep
from repowright.agent.workflows.generate.from_graph.naming import project_name
from repowright.agent.workflows.generate.from_graph.original import Original, OriginalFile
from repowright.agent.workflows.generate.from_graph.phrases import words

MOST = 20_000
"""Characters; the text is part of most requests, and the plan says the rest in detail."""


def spec_text(original: Original, keep: Keep) -> str:
    """Return a specification of at most 20 kB; where features do not fit, only the first of each definition stand."""
    for most in (None, 1, 0):
        text = _text(original, keep, most)
        if len(text) <= MOST:
            return text
    return f"{text[:MOST].rpartition(chr(10))[0]}\n\n(The list goes on in the plan.)\n"


def _text(original: Original, keep: Keep, most: int | None) -> str:
    lines = [f"# {project_name(original.package)}", "", _sentence(original.purpose), "", _form(original)]
    for area in original.areas:
        lines += ["", f"## {area.name}", ""]
        lines += [_sentence(area.purpose), ""] if area.purpose else []
        lines += _features(original, area.name, most)
    lines += _shared(original) if keep is Keep.FILES else []
    return "\n".join(lines).rstrip() + "\n"


def _form(original: Original) -> str:
    started = " It has a command-line program." if original.command_line else ""
    return f"It is a Python library, imported as `{original.package}`, that needs the standard library alone.{started}"


def _features(original: Original, area: str, most: int | None) -> Iterator[str]:
    said, category = set[tuple[str, ...]](), ""
    for file in (file for file in original.files if file.area == area):
        if file.category and file.category != category:
            category = file.category
            yield from ("", f"### {category}", "")
        for unit in file.units:
            for feature in () if unit.declared else unit.features[:most]:
                if words(feature.phrase) and words(feature.phrase) not in said:
                    said.add(words(feature.phrase))
                    yield f"- {feature.phrase}{f': {feature.detail}' if feature.detail else ''}"


def _shared(original: Original) -> list[str]:
    """Say where shared types lie: the plan of the files leaves those to a later stage."""
    files = [file for file in original.files if file.declares]
    if not files:
        return []
    return ["", "## Shared types", "", "The types that several files share lie in these files:", "", *map(_line, files)]


def _line(file: OriginalFile) -> str:
    return f"- `{file.path}`: {file.purpose}" if file.purpose else f"- `{file.path}`"


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text}."
