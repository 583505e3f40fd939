"""The errors of the graph, one tree.

::

    GraphError                2  the graph cannot do what was asked; it is left as it was
    ├── UnknownNode              no node has that id or place
    ├── DuplicateNode            a node of that content is there already
    ├── InvariantViolated        a write that would break the graph
    ├── CycleError               an order was asked for, and there is none
    ├── SchemaError              a text that is no graph
    │   └── SchemaTooNew            written by a newer version
    ├── StoreError               a stored graph that cannot be used
    │   └── StoreLocked             another process works on it
    └── EncodeError              encoding could not go on; the stored graph is as it was
"""

from __future__ import annotations


class GraphError(Exception):
    """The graph cannot do what was asked.

    Parameters
    ----------
    message
        One line: what happened, on what.
    hint
        One line: what to do next.
    """

    exit_code = 2

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UnknownNode(GraphError):
    """No node, or no edge, answers to what was asked for."""


class DuplicateNode(GraphError):
    """A node with the same kind and anchor is in the graph already.

    Parameters
    ----------
    node_id
        Id of the node that is there.
    """

    def __init__(self, message: str, hint: str = "", node_id: str = "") -> None:
        super().__init__(message, hint)
        self.node_id = node_id


class InvariantViolated(GraphError):
    """The write would break an invariant; nothing was written."""


class CycleError(GraphError):
    """Nodes depend on each other in a circle, so no order puts dependencies first.

    Parameters
    ----------
    cycle
        Ids along the circle, each depending on the next and the last on the first.
    """

    def __init__(self, message: str, cycle: tuple[str, ...], hint: str = "") -> None:
        super().__init__(message, hint)
        self.cycle = cycle


class SchemaError(GraphError):
    """The text is not a graph, or not the graph it claims to edit."""


class SchemaTooNew(SchemaError):
    """The text was written by a newer version."""


class StoreError(GraphError):
    """A stored graph cannot be opened, read or written."""


class StoreLocked(StoreError):
    """Another process works on the stored graph."""


class EncodeError(GraphError):
    """Encoding could not go on; the stored graph is as it was."""
