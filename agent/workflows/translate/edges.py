"""Names that edges and nodes of a translated project carry in the graph, beside its own kinds."""

from __future__ import annotations

MAY_CALL = "may-call"
"""A ``calls`` edge: a call through a pointer may lead there, since its address is taken and its arity fits."""

ADDRESS = "address"
"""A ``uses`` edge: the function's address is taken."""

TESTS = "tests"
"""A ``uses`` edge: a function of a test calls the function."""

COMPILED = "compiled"
"""Tag: the compiler sees this definition."""

PROTOTYPE = "prototype"
"""Tag: a declaration whose definition stands elsewhere."""

NOT_COMPILED = "not-compiled"
"""Tag: written, but left out by a condition of the preprocessor; it is not translated."""

FROM_MACRO = "from-macro"
"""Tag: not written as such; a macro makes it."""

REFUSED = "refused"
"""Tag: stays in C, for a reason that the encoding tells."""
