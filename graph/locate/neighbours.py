"""What the neighbours of a unit in the graph say of it."""

from __future__ import annotations

import numpy as np

from repowright.graph.locate.corpus import Corpus
from repowright.graph.locate.named import Named
from repowright.graph.locate.texts import Columns, most
from repowright.repo_tools.textindex.bm25 import Floats, add_up


def neighbour_columns(corpus: Corpus, columns: Columns, named: Named) -> Columns:
    """Return what callers, callees and overridden methods score, and whether the text names them."""
    size, links = corpus.index.size, corpus.links
    first, name = columns["first"], columns["name"]
    mentioned = np.maximum(np.where(named.name >= 2, named.name, 0.0), named.class_name)
    out, into = links.calls_out(size), links.calls_in(size)

    def callees(values: Floats) -> Floats:
        return add_up(links.caller, values[links.callee] * links.sureness, size)

    def callers(values: Floats) -> Floats:
        return add_up(links.callee, values[links.caller] * links.sureness, size)

    return {
        "callee": most(links.caller, first[links.callee] * links.sureness, size),
        "caller": most(links.callee, first[links.caller] * links.sureness, size),
        "callees": callees(first) / np.maximum(out, 1),
        "callers": callers(first) / np.maximum(into, 1),
        "callees.name": callees(name) / np.maximum(out, 1),
        "caller.name": most(links.callee, name[links.caller] * links.sureness, size),
        "callees.named": callees((mentioned > 0).astype(np.float64)),
        "callee.named": most(links.caller, mentioned[links.callee] * links.sureness, size),
        "caller.named": most(links.callee, mentioned[links.caller] * links.sureness, size),
        "override": np.maximum(
            most(links.overriding, first[links.overridden], size), most(links.overridden, first[links.overriding], size)
        ),
        "calls.out": np.log1p(out),
        "calls.in": np.log1p(into),
        **_of_classes(corpus, named),
    }


def _of_classes(corpus: Corpus, named: Named) -> Columns:
    below, above = _relatives(corpus, named)
    inside, owner = corpus.owner >= 0, np.maximum(corpus.owner, 0)
    return {"base.named": np.where(inside, below[owner], 0.0), "derived.named": np.where(inside, above[owner], 0.0)}


def _relatives(corpus: Corpus, named: Named) -> tuple[Floats, Floats]:
    """How strongly the text names a base, and a derived class, of each class."""
    size, links = corpus.index.size, corpus.links
    below = most(links.derived, named.class_name[links.base], size)
    return below, most(links.base, named.class_name[links.derived], size)


def file_neighbour_columns(corpus: Corpus, first: Floats, named: Named) -> Columns:
    """Return the best of what a file calls and is called by in other files, and how much it is linked."""
    links, file, files = corpus.links, corpus.index.file, len(corpus.paths)
    source, target = file[links.caller], file[links.callee]
    across = source != target
    source, target, sureness = source[across], target[across], links.sureness[across]
    return {
        "callee": most(source, first[links.callee[across]] * sureness, files),
        "caller": most(target, first[links.caller[across]] * sureness, files),
        "calls.in": np.log1p(add_up(target, sureness, files)),
        "calls.out": np.log1p(add_up(source, sureness, files)),
        "relative.named": most(file, np.maximum(*_relatives(corpus, named)), files),
    }
