"""Repositories become graphs: encoding, and evolving commit by commit to the same graph."""

from repowright.graph.encode.encoded import Encoded, encode, evolve, load_graph
from repowright.graph.encode.pipeline import Means, update
from repowright.graph.encode.report import UpdateReport

__all__ = ["Encoded", "Means", "UpdateReport", "encode", "evolve", "load_graph", "update"]
