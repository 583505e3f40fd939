"""Reference feature trees, rebuilt from the pinned releases: what a project can do, as categories and leaves.

``python -m repowright.benchmarks.repocraft.construction.trees`` writes ``data/<alias>.tree.json`` for the six projects.
Where a release has documentation, its tables of contents are the tree; else an outline in our words that is
checked against its modules. Paper: ZeroRepo, section 5 and its reference trees of coverage.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

from repowright.benchmarks.repocraft.construction.documents import contents, headings, plain, sections, title
from repowright.benchmarks.repocraft.construction.outlines import PANDAS, REQUESTS, outlined
from repowright.benchmarks.repocraft.construction.release import Release, release_of
from repowright.benchmarks.repocraft.projects import FOLDER, PROJECTS

Tree = dict[str, list[str]]

_NO_FEATURES = re.compile(
    r"(?i)examples?|references?|module reference|technical documentation|overview.*|introduction|see also|background"
    r"|implementation details|.*tools|.*helpers?( functions)?|.*results|other plots|additional.*|usage|classes"
    r"|model class|output and.*|basic methods.*|models and estimation|low-level.*|using datasets.*|r datasets.*"
    r"|available.*|estimation|statespace models|multivariate|distribution extras"
)
"""Sections of a user guide that are about the guide, or that other leaves say better."""

_SPOKEN = {
    "Algebras": "Quaternion algebras",
    "Concrete": "Symbolic sums and products",
    "Control": "Control systems",
    "Core": "Symbols, expressions and their evaluation",
    "Discrete": "Discrete transforms and convolutions",
    "Functions": "Elementary, combinatorial and special functions",
    "Holonomic": "Holonomic functions",
    "Mechanics": "Classical mechanics",
    "Numeric Computation": "Fast numeric functions from expressions",
    "Physics Vector": "Reference frames and vectors of physics",
    "Series": "Series, limits and sequences",
    "Simplify": "Simplification of expressions",
    "Solvers": "Solving equations and differential equations",
    "Stats": "Random variables and probability",
    "Tensor": "Arrays, indexed objects and tensors",
    "Vector": "Coordinate systems and vector calculus",
}
"""Pages of sympy's reference that are named after a folder, as people would say it."""

_SKIPPED_PAGES = re.compile(
    r"presentations|machine_learning_map|computing|common_pitfalls|dispatching|visualizations|model_persistence"
    r"|endog_exog|api-structure|pitfalls|sandbox|tools|abc|interactive|install|external-packages|performance"
    r"|tablespaces|instrumentation|generic-views|optimization|fixtures|composite-primary-key|security|auth"
)
"""Pages about the documentation, the project or the machine it runs on rather than about what it does."""


def tree_of(release: Release) -> Tree:
    """Return the feature tree of one of the six projects."""
    return {category: leaves for category, leaves in _BUILDERS[release.name](release).items() if leaves}


def leaves_of(tree: Tree) -> int:
    """Return how many leaves a tree has."""
    return sum(len(leaves) for leaves in tree.values())


def write_tree(tree: Tree, path: Path) -> None:
    """Write a tree as JSON; the same tree gives the same bytes."""
    path.write_text(json.dumps(tree, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _requests(release: Release) -> Tree:
    return outlined(REQUESTS, release.root / "src" / "requests")


def _pandas(release: Release) -> Tree:
    return outlined(PANDAS, release.root / "pandas")


def _scikit_learn(release: Release) -> Tree:
    """Chapters of the user guide, and their pages."""
    tree: Tree = {}
    for chapter in _pages(release.root / "doc" / "user_guide.rst"):
        pages = _pages(chapter)
        tree.setdefault(title(chapter) if pages else "Framework", []).extend(_titles(pages or [chapter]))
    return tree


def _sympy(release: Release) -> Tree:
    """Parts of the reference, and their pages; what serves its own development is left out."""
    parts = contents(release.root / "doc" / "src" / "reference" / "index.rst")
    pages = {title(part): _titles(_pages(part)) for part in parts}
    own = {"Testing", "Utilities"}
    return {part: [_SPOKEN.get(name, name) for name in names if name not in own] for part, names in pages.items()}


def _statsmodels(release: Release) -> Tree:
    """Parts of the user guide, and the sections of their pages; a page without telling sections is one leaf."""
    guide = release.root / "docs" / "source" / "user-guide.rst"
    parts = [each.text for each in headings(guide)[1:]]
    tree: Tree = {part: [] for part in parts}
    for page in _pages(guide):
        told = [name for name in sections(page) if not _NO_FEATURES.fullmatch(name)]
        # One section beside the examples is the page's own subject again.
        is_leaf = len(told) < 2 or page.stem.startswith("example_")
        tree[_part(guide, page, parts)] += [title(page)] if is_leaf else told
    return tree


def _part(guide: Path, page: Path, parts: list[str]) -> str:
    """Return the part of a guide that a page is listed in."""
    text = guide.read_text(encoding="utf-8")
    name = page.relative_to(guide.parent).with_suffix("").as_posix()
    listed = re.search(rf"^ +{re.escape(name)}$", text, re.MULTILINE)
    before = text[: listed.start()] if listed else text
    return max(parts, key=lambda part: before.rfind(f"\n{part}\n"))


def _django(release: Release) -> Tree:
    """Topics, the larger ones page by page, and contributed packages."""
    docs = release.root / "docs"
    tree: Tree = {}
    for topic in _pages(docs / "topics" / "index.txt"):
        pages = _pages(topic) if topic.parent.name in {"db", "http", "forms", "auth"} else []
        # A chapter that says something itself is a leaf beside its pages.
        own = [topic] if not pages or len(sections(topic)) > 1 else []
        tree.setdefault(title(topic) if pages else "Web application tools", []).extend(_titles([*own, *pages]))
    tree["Contributed packages"] = _titles(_pages(docs / "ref" / "contrib" / "index.txt"))
    return {_unnamed(name, "Django"): [_unnamed(leaf, "Django") for leaf in leaves] for name, leaves in tree.items()}


def _unnamed(text: str, name: str) -> str:
    words = re.sub(rf"(?i)\b{name}(\.contrib\.|['’]s\b|\b)", "", plain(text))
    words = " ".join(re.sub(r"(?i)^the +| +in *$", "", words.strip()).split())
    return words[:1].upper() + words[1:]


def _pages(path: Path) -> list[Path]:
    return [
        page for page in contents(path) if not _SKIPPED_PAGES.fullmatch(page.stem) and page.parent.name != "examples"
    ]


def _titles(pages: list[Path]) -> list[str]:
    return list(dict.fromkeys(re.sub(r" \(Docstrings\)| API Reference| API$", "", title(page)) for page in pages))


_BUILDERS: dict[str, Callable[[Release], Tree]] = {
    "requests": _requests,
    "sympy": _sympy,
    "statsmodels": _statsmodels,
    "django": _django,
    "pandas": _pandas,
    "scikit-learn": _scikit_learn,
}


def main(arguments: list[str] | None = None) -> None:
    """Write the trees, and their leaves beside the paper's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, default=FOLDER / "data", help="folder for the trees")
    out: Path = parser.parse_args(arguments).out
    lines = ["| project | categories | leaves | paper |", "| --- | ---: | ---: | ---: |"]
    for project in PROJECTS:
        tree = tree_of(release_of(project.name))
        write_tree(tree, out / f"{project.alias.lower()}.tree.json")
        lines.append(f"| {project.name} ({project.alias}) | {len(tree)} | {leaves_of(tree)} | {project.categories} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
