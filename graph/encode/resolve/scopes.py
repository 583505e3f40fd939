"""The scopes of one file: what a name inside a function means in terms of the file's top-level names."""

from __future__ import annotations

import re
from functools import lru_cache

from repowright.graph.encode.resolve.things import TYPE_TAGS
from repowright.graph.encode.resolve.type_text import type_texts
from repowright.repo_tools.facts import MODULE, Binding, Definition, FileFacts

Texts = tuple[str, ...]
UNKNOWN: Texts = ()

_PARAMETER = re.compile(r"[(,]\s*[*&]*\s*(\w+)(?=\s*[,:=)])")
_MOST = 4
_DEEPEST = 16


def _root(text: str) -> str:
    return text.partition(".")[0].partition("(")[0]


@lru_cache(maxsize=4096)
def without_arguments(text: str) -> str:
    """Return a chain without what stands in its brackets; an index is written as a name that nothing has.

    Examples
    --------
    >>> without_arguments("make(1, 'a.b').rows[0].run")
    'make().rows.[].run'
    """
    kept: list[str] = []
    depth, quote = 0, ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"" and depth:
            quote = letter
        elif letter in "([{":
            if not depth:
                kept.append({"(": "()", "[": ".[]"}.get(letter, ""))
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif not depth:
            kept.append(letter)
    return "".join(kept)


class Scopes:
    """Names that the functions and types of a file bind.

    Names are rewritten, not looked up: inside ``def f(x: Cart)`` the name ``x`` becomes ``Cart()``, a nested
    function ``g`` becomes ``f:g``, a top-level name stays what it is, and what nobody can tell becomes nothing.

    Parameters
    ----------
    first_is_receiver
        Whether the first parameter of a method is its receiver, whatever it is called (Python).
    members_in_scope
        Whether a method sees the members of its type by their bare names (Java).
    """

    def __init__(self, facts: FileFacts, *, first_is_receiver: bool, members_in_scope: bool) -> None:
        self._definitions = facts.definitions
        self._first_is_receiver = first_is_receiver
        self._members_in_scope = members_in_scope
        self._nested: dict[tuple[int, str], int] = {}
        for index, definition in enumerate(facts.definitions):
            if definition.parent != MODULE:
                self._nested.setdefault((definition.parent, definition.name), index)
        self._bound: dict[tuple[int, str], list[Binding]] = {}
        for binding in facts.bindings:
            if binding.scope != MODULE:
                self._bound.setdefault((binding.scope, binding.name), []).append(binding)
        self._imported = {
            (each.scope, each.alias or each.name or each.module.partition(".")[0])
            for each in facts.imports
            if each.scope != MODULE
        }
        self._inner = {name for _, name in (*self._nested, *self._bound, *self._imported)}
        self._memo: dict[tuple[int, str], Texts] = {}
        self._owners: dict[int, tuple[str, str]] = {}
        self._parameters: dict[int, frozenset[str]] = {}
        self._depth = 0

    def owner(self, scope: int) -> str:
        """Return the qualified name of the type whose body or method the scope is or lies in; empty if none."""
        return self._owner(scope)[1]

    def rewritten(self, scope: int, text: str) -> Texts:
        """Return what a dotted expression in a scope means in terms of the file's top-level names."""
        if "(" in text or "[" in text:
            text = without_arguments(text)
        if scope == MODULE:
            return (text,)
        if text[:5] == "self." and (self._owners.get(scope) or self._owner(scope))[0] == "self":
            return (text,)
        root, dot, _ = text.partition(".")
        if root == "super()":
            return (f"super{text[7:]}",)
        name = root[: root.find("(")] if root[-1:] == ")" else root
        found = self._memo.get((scope, name))
        if found is None:
            found = self._name(scope, name)
        if not dot and name is root:
            return found
        if len(found) == 1:
            return (text,) if found[0] == name else (found[0] + text[len(name) :],)
        return tuple([each + text[len(name) :] for each in found])

    def values(self, binding: Binding) -> Texts:
        """Return what a binding gives its name, in terms of the file's top-level names."""
        scope, value = binding.scope, binding.value
        if scope != MODULE and value.startswith(binding.name) and self._definitions[scope].kind in TYPE_TAGS:
            # In a class body, save = save takes the outer one.
            scope = self._definitions[scope].parent if _root(value) == binding.name else scope
        if binding.kind == "call":
            return tuple([f"{text}()" for text in self.rewritten(scope, value)])
        if binding.kind == "name":
            return self.rewritten(scope, value)
        return tuple([text for one in type_texts(value) for text in self.rewritten(scope, one)])

    def bound(self, scope: int, name: str) -> Texts:
        """Return what a name may hold that is bound in this very scope; the empty name is what it gives back."""
        found = self._bound.get((scope, name))
        if found is None:
            return UNKNOWN
        if len(found) == 1:
            return self.values(found[0])
        texts = dict.fromkeys(text for binding in found for text in self.values(binding))
        return tuple(texts)[:_MOST]

    def _name(self, scope: int, name: str) -> Texts:
        at = (scope, name)
        found = self._memo.get(at)
        if found is None:
            # A name that is defined by itself (x = x.next()) adds nothing to what it means.
            self._memo[at] = UNKNOWN
            if self._depth < _DEEPEST:
                self._depth += 1
                found = self._memo[at] = self._looked_up(scope, name)
                self._depth -= 1
        return found or UNKNOWN

    def _looked_up(self, scope: int, name: str) -> Texts:
        if name not in self._inner and self._plainly_outer(scope, name):
            return (name,)
        inside = True
        while scope != MODULE:
            definition = self._definitions[scope]
            if inside or self._members_in_scope or definition.kind not in TYPE_TAGS:
                found = self._here(scope, definition, name)
                if found is not None:
                    return found
            scope, inside = definition.parent, False
        return (name,)

    def _here(self, scope: int, definition: Definition, name: str) -> Texts | None:
        """What a name means by this very scope; `None` where it knows nothing of it."""
        if self._members_in_scope and name == definition.name and definition.kind in TYPE_TAGS:
            return (definition.qualname.replace(".", ":"),)
        at = (scope, name)
        body = definition.kind in TYPE_TAGS or definition.kind == "namespace"
        if at in self._nested or at in self._imported or (body and at in self._bound):
            return (f"{definition.qualname}.{name}".replace(".", ":"),)
        if body:
            return None
        if name == self._owner(scope)[0]:
            return ("cls",) if "classmethod" in definition.decorators or name == "cls" else ("self",)
        if at in self._bound:
            return self.bound(scope, name)
        return UNKNOWN if name in self._parameter_names(scope) else None

    def _plainly_outer(self, scope: int, name: str) -> bool:
        """Whether no signature around so much as mentions a name that nothing inside the functions binds."""
        while scope != MODULE:
            definition = self._definitions[scope]
            if name in definition.signature:
                return False
            scope = definition.parent
        return name not in ("self", "cls", "super")

    def _owner(self, scope: int) -> tuple[str, str]:
        """The word for the receiver, and the qualified name of its type."""
        if scope == MODULE:
            return "", ""
        found = self._owners.get(scope)
        if found is None:
            found = self._owners[scope] = self._owner_of(scope)
        return found

    def _owner_of(self, scope: int) -> tuple[str, str]:
        while scope != MODULE:
            definition = self._definitions[scope]
            if definition.kind in TYPE_TAGS:
                return "", definition.qualname
            parent = definition.parent
            if definition.kind == "method" or (parent != MODULE and self._definitions[parent].kind in TYPE_TAGS):
                return self._word(definition), definition.qualname.rpartition(".")[0]
            scope = parent
        return "", ""

    def _word(self, method: Definition) -> str:
        if not self._first_is_receiver:
            return "self"
        first = None if "staticmethod" in method.decorators else _PARAMETER.search(method.signature)
        return first[1] if first else ""

    def _parameter_names(self, scope: int) -> frozenset[str]:
        found = self._parameters.get(scope)
        if found is None:
            signature = self._definitions[scope].signature
            found = self._parameters[scope] = frozenset(_PARAMETER.findall(signature))
        return found
