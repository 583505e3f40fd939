"""What expressions stand for, as far as a world can tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from repowright.graph.encode.contribution import World
from repowright.graph.encode.resolve.things import (
    AMBIGUOUS,
    EXTERNAL,
    FUNCTION_TAGS,
    INFERRED,
    OUTSIDE,
    TYPE_TAGS,
    VALUE_TAGS,
    Entry,
    Thing,
    Things,
    external,
    less_sure,
    make_entry,
    qualname_of,
)
from repowright.repo_tools.facts import FileFacts

if TYPE_CHECKING:
    from repowright.graph.encode.resolve.language import Language

_MOST = 6
_DEEPEST = 40
RECEIVERS = ("self", "cls", "super", "Self")

_UNASKED = Entry("unasked")

Bases = tuple[tuple[str, Entry], ...]


class Lookup:
    """Follows names through files; remembers what it found, for one file's resolution.

    Expressions are those of `Entry.texts`. The answer to an expression that leads back to itself is nothing: what
    it means is found along the other ways, if at all.
    """

    def __init__(self, facts: FileFacts, world: World, language: Language) -> None:
        self.world = world
        self.language = language
        self._bare_members = language.members_in_scope
        self._path = facts.path
        self._own = _names_in(facts, language)
        self._entries: dict[tuple[str, str], Entry | None] = {}
        self._symbols: dict[tuple[str, str], Things] = {}
        self._values: dict[tuple[str, ...], Things] = {}
        self._members: dict[tuple[str, str, str, str], Things] = {}
        self.places: dict[tuple[str, str, int], Thing | None] = {}
        self._lines: dict[tuple[str, str], tuple[Bases, bool]] = {}
        self._open: set[tuple[str, str]] = set()
        self._depth = 0

    def entry(self, path: str, key: str) -> Entry | None:
        """Return what a file contributes under a key."""
        at = (path, key)
        found = self._entries.get(at, _UNASKED)
        if found is _UNASKED:
            if path == self._path and key[key.rfind(".") + 1 :] not in self._own:
                return None
            value = self.world.entry(path, key)
            found = self._entries[at] = None if value is None else make_entry(value)
        return found

    def evaluate(self, path: str, text: str, receiver: Thing | None = None) -> Things:
        """Return what an expression in terms of a file's top-level names stands for."""
        at: tuple[str, ...] = (path, text)
        if receiver is not None and (self._bare_members or text.startswith(RECEIVERS)):
            at = (path, text, receiver.path, receiver.entry.key)
        else:
            receiver = None
        found = self._values.get(at)
        if found is None:
            self._values[at] = ()
            if self._depth > _DEEPEST:
                return ()
            self._depth += 1
            found = self._values[at] = self._evaluated(path, text, receiver)
            self._depth -= 1
        return found

    def symbol(self, path: str, name: str) -> Things:
        """Return what a top-level name of a file stands for, wherever it is defined."""
        at = (path, name)
        found = self._symbols.get(at)
        if found is None:
            self._symbols[at] = ()
            if self._depth > _DEEPEST:
                return ()
            self._depth += 1
            found = self._symbols[at] = self._symbol(path, name)
            self._depth -= 1
        return found

    def member(self, thing: Thing, name: str) -> Things:
        """Return what ``thing.name`` stands for."""
        role, entry = thing.role, thing.entry
        if role == "external":
            return OUTSIDE
        if role == "module":
            return self._of_module(thing, name)
        if role != "definition" or entry.tag in TYPE_TAGS:
            return self._of_type(thing, name)
        if entry.tag == "namespace" or (entry.tag in VALUE_TAGS and not self.language.first_is_receiver):
            found = self.entry(thing.path, f"{qualname_of(entry)}.{name}") if entry.key else None
            if found is not None:
                return self._standing(thing.path, found, None)
        return self._through(thing, lambda each: self.member(each, name)) if entry.tag in VALUE_TAGS else ()

    def given(self, thing: Thing) -> Things:
        """Return what calling a thing gives."""
        if thing.role == "external":
            return OUTSIDE
        if thing.role == "instance":
            return tuple(result for each in self.member(thing, "__call__") for result in self.given(each))
        if thing.role != "definition":
            return ()
        tag = thing.entry.tag
        if tag in TYPE_TAGS:
            return (Thing("instance", thing.path, thing.entry, min(thing.sure, INFERRED)),)
        if tag in FUNCTION_TAGS:
            return less_sure(self._texts(thing), min(thing.sure, INFERRED))
        if tag in VALUE_TAGS:
            return self._through(thing, self.given)
        return ()

    def held(self, thing: Thing) -> Things:
        """Return what a variable, constant or property holds."""
        found = self._texts(thing)
        return less_sure(found, INFERRED) if thing.entry.tag == "property" else found

    def _through(self, value: Thing, follow: Callable[[Thing], Things]) -> Things:
        """What is reached through that which a variable holds; through itself nothing is."""
        at = (value.path, value.entry.key)
        if at in self._open or len(self._open) > _DEEPEST:
            return ()
        self._open.add(at)
        found = [result for each in self.held(value) for result in follow(each)]
        self._open.remove(at)
        return _distinct(found)

    def line(self, path: str, entry: Entry) -> tuple[Bases, bool]:
        """Return a type and its bases in the order members are looked for, and whether some base is unknown.

        Depth first and from left to right, of a type that comes twice only the last: what the C3 order gives
        unless a hierarchy is crossed on purpose.
        """
        at = (path, entry.key)
        found = self._lines.get(at)
        if found is None:
            found = self._lines[at] = (((path, entry),), False)
            if self._depth > _DEEPEST:
                return found
            self._depth += 1
            found = self._lines[at] = self._line(path, entry)
            self._depth -= 1
        return found

    def _line(self, path: str, entry: Entry) -> tuple[Bases, bool]:
        order: list[tuple[str, Entry]] = [(path, entry)]
        unknown = False
        for base in self.bases(path, entry):
            if base.role != "definition" or base.entry.tag not in TYPE_TAGS:
                unknown = True
                continue
            line, open_ended = self.line(base.path, base.entry)
            order.extend(line)
            unknown = unknown or open_ended
        last = {(where, each.key): index for index, (where, each) in enumerate(order)}
        kept = [pair for index, pair in enumerate(order) if last[pair[0], pair[1].key] == index]
        return tuple(kept if kept[0] == order[0] else order[:1]), unknown

    def bases(self, path: str, entry: Entry) -> Things:
        """Return the direct bases of a type; something outside for one that no file defines."""
        found: list[Thing] = []
        for text in entry.texts:
            if text == "object":
                continue
            things = self.evaluate(path, text)
            types = [each for thing in things for each in self._types(thing)]
            found.extend(types[:1] or OUTSIDE)
        return tuple(found)

    def _types(self, thing: Thing) -> Things:
        if thing.role == "definition" and thing.entry.tag in ("global", "constant", "binding"):
            return tuple(each for each in self.held(thing) if each.entry.tag in TYPE_TAGS)
        return (thing,) if thing.role == "definition" and thing.entry.tag in TYPE_TAGS else ()

    def _evaluated(self, path: str, text: str, receiver: Thing | None) -> Things:
        if text.endswith("()"):
            called = self.evaluate(path, text[:-2], receiver)
            return called and _distinct([each for thing in called for each in self.given(thing)])
        prefix, dot, name = text.rpartition(".")
        if dot:
            things = self.evaluate(path, prefix, receiver)
            return things and self._each(things, name)
        return self._root(path, text, receiver)

    def _root(self, path: str, name: str, receiver: Thing | None) -> Things:
        if receiver is not None:
            if name == "self":
                return (receiver,)
            if name in ("cls", "Self"):
                return (Thing("definition", *receiver[1:]),)
            if name == "super" and self.language.super_is_base:
                return (Thing("super", *receiver[1:]),)
            if self._bare_members:
                found = self._bare_member(receiver, name)
                if found:
                    return found
        if ":" in name:
            entry = self.entry(path, name.replace(":", "."))
            return () if entry is None else self._standing(path, entry, None)
        return self.symbol(path, name)

    def _bare_member(self, receiver: Thing, name: str) -> Things:
        """A member of the receiver's type or of a type around it, by its bare name."""
        around: Thing | None = receiver
        while around is not None:
            own = qualname_of(around.entry)
            # The type's name is the type, not the constructor that is called like it.
            if own.rpartition(".")[2] == name:
                return (around._replace(role="definition"),)
            found = self.member(around, name)
            if found and not external(found):
                return found
            around = self._type_around(around, own)
        return ()

    def _type_around(self, thing: Thing, own: str) -> Thing | None:
        outer = own.rpartition(".")[0]
        while outer:
            entry = self.entry(thing.path, outer)
            if entry is not None and entry.tag in TYPE_TAGS:
                return Thing("instance", thing.path, entry)
            outer = outer.rpartition(".")[0]
        return None

    def _symbol(self, path: str, name: str) -> Things:
        entry = self.entry(path, name)
        if entry is not None and entry.tag != "prototype":
            return self._standing(path, entry, None)
        if entry is not None:
            return self.language.elsewhere(self, path, name) or self._standing(path, entry, None)
        if name in self.language.builtins:
            return OUTSIDE
        return self._starred(path, name) or self.language.elsewhere(self, path, name)

    def _standing(self, path: str, entry: Entry, receiver: Thing | None) -> Things:
        """What stands under an entry: the definition, or what is imported in its place."""
        for wanted in entry.imports:
            found = self.language.imported(self, path, wanted)
            if found and not external(found):
                return found
        if entry.tag in ("import", "star"):
            return OUTSIDE
        if entry.tag == "binding":
            return self._texts(Thing("definition", path, entry, 1.0, receiver)) if entry.texts else ()
        return (Thing("definition", path, entry, 1.0, receiver),)

    def _starred(self, path: str, name: str) -> Things:
        """A name that a file gets through a star import."""
        stars = self.entry(path, "*")
        if stars is None:
            return ()
        for wanted in stars.imports:
            for module in self.language.imported(self, path, (wanted[0], "", wanted[2])):
                found = self._exported(module, name)
                if found and not external(found):
                    return less_sure(found, AMBIGUOUS)
        return ()

    def _exported(self, module: Thing, name: str) -> Things:
        if module.role != "module" or not module.path:
            return self.member(module, name)
        found = self.symbol(module.path, name)
        if not found or external(found):
            return ()
        exports = self.entry(module.path, "__all__")
        if exports is not None and self.language.family == "py":
            return found if name in exports.texts else ()
        return () if name.startswith("_") else found

    def _of_module(self, module: Thing, name: str) -> Things:
        found = self.symbol(module.path, name) if module.path else ()
        if found and not external(found):
            return less_sure(found, module.sure)
        return self.language.child(self, module, name) or OUTSIDE

    def _of_type(self, thing: Thing, name: str) -> Things:
        at = (thing.path, thing.entry.key, thing.role, name)
        found = self._members.get(at)
        if found is None:
            self._members[at] = ()
            found = self._members[at] = self._inherited(thing, name)
        return less_sure(found, thing.sure) if thing.sure < 1.0 else found

    def _inherited(self, thing: Thing, name: str) -> Things:
        line, unknown = self.line(thing.path, thing.entry)
        above = thing.role == "super"
        receiver = Thing("instance" if above else thing.role, thing.path, thing.entry, 1.0, thing.receiver)
        where = self._first(line[1:] if above else line, name)
        if where is not None:
            return self._standing(where[0], where[1], receiver)
        elsewhere = self.language.member_elsewhere(self, line, name)
        if elsewhere:
            return elsewhere
        return OUTSIDE if unknown or above else ()

    def _first(self, line: Bases, name: str) -> tuple[str, Entry] | None:
        """The first of some types that has a member; types of one base share what their base knows."""
        unknown_here = name not in self._own
        for path, entry in line:
            if unknown_here and path == self._path:
                continue
            found = self.entry(path, f"{qualname_of(entry)}.{name}")
            if found is not None:
                return path, found
        return None

    def _texts(self, thing: Thing) -> Things:
        """What the texts of an entry stand for in its own file."""
        texts = thing.entry.texts
        if len(texts) == 1:
            return self.evaluate(thing.path, texts[0], thing.receiver)
        return _distinct([each for text in texts for each in self.evaluate(thing.path, text, thing.receiver)])

    def _each(self, things: Things, name: str) -> Things:
        if len(things) == 1:
            return self.member(things[0], name)
        return _distinct([each for thing in things for each in self.member(thing, name)])


def _names_in(facts: FileFacts, language: Language) -> set[str]:
    """The last parts of all keys the file can have entries under: for what is not here nobody need be asked."""
    found = {definition.name for definition in facts.definitions}
    found.update(language.wanted(each)[0] for each in facts.imports)
    found.update(binding.name.rpartition(".")[2] for binding in facts.bindings)
    return found | {"*", "__all__", "__package__"}


def _distinct(things: list[Thing]) -> Things:
    """The things without repetition; what lies outside counts only if nothing else is there."""
    if len(things) < 2:
        return tuple(things)
    found: dict[tuple[str, str, str, str], Thing] = {}
    for thing in things:
        if thing.role != "external":
            found.setdefault((thing.role, thing.path, thing.entry.key, thing.entry.tag), thing)
    return tuple(found.values())[:_MOST] or (EXTERNAL,)
