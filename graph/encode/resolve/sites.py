"""From the places where names stand in a file to the edges that lead from it."""

from __future__ import annotations

from collections.abc import Iterable

from repowright.graph.encode.contribution import EdgeRow, World
from repowright.graph.encode.resolve.common_names import telling
from repowright.graph.encode.resolve.edges import CALLS, IMPORTS, INHERITS, USES, Edges, file_node, target_of
from repowright.graph.encode.resolve.language import Language
from repowright.graph.encode.resolve.lookup import RECEIVERS, Lookup
from repowright.graph.encode.resolve.offers import plain_base
from repowright.graph.encode.resolve.scopes import Scopes, Texts
from repowright.graph.encode.resolve.things import (
    GUESSED,
    TYPE_TAGS,
    VALUE_TAGS,
    Entry,
    Thing,
    Things,
)
from repowright.repo_tools.facts import MODULE, Call, FileFacts, Use

Groups = dict[int, dict[str, list[int]]]
Targets = list[tuple[str, str, float]]
"""Kind, target and confidence of edges whose source is left open."""
_NONE: Targets = []
_OUTSIDE: Things = ()


class Sites:
    """Resolves one file."""

    def __init__(self, facts: FileFacts, language: Language, world: World) -> None:
        self._facts = facts
        self._language = language
        self._bare_members = language.members_in_scope
        self._world = world
        self._lookup = Lookup(facts, world, language)
        self._scopes = Scopes(
            facts, first_is_receiver=language.first_is_receiver, members_in_scope=language.members_in_scope
        )
        self._edges = Edges(facts)
        self._receivers: dict[int, Thing | None] = {MODULE: None}
        self._owners: dict[str, Thing | None] = {"": None}
        self._guesses: dict[str, Targets] = {}

    def rows(self) -> list[EdgeRow]:
        """Return all edges that lead from the file and its definitions, in order."""
        self._imports()
        self._bases()
        self._calls()
        self._uses()
        return self._edges.rows()

    def _imports(self) -> None:
        for each in self._facts.imports:
            _, wanted = self._language.wanted(each)
            for path, sure in self._language.imported_files(self._lookup, self._facts.path, wanted):
                self._edges.add(self._edges.source(each.scope), file_node(path), IMPORTS, [each.line], sure)

    def _bases(self) -> None:
        definitions = self._facts.definitions
        for base in self._facts.inheritances:
            outer = MODULE if base.scope == MODULE else definitions[base.scope].parent
            sources = [self._edges.source(base.scope)] if self._edges.is_type(base.scope) else self._named(base.name)
            for thing in self._evaluated(outer, plain_base(base.base)):
                for each in self._types(thing):
                    for source in sources:
                        self._edges.add(source, target_of(each), INHERITS, [base.line], each.sure)

    def _named(self, name: str) -> list[str]:
        """Nodes of the type that a base is given to away from its definition."""
        things = self._lookup.evaluate(self._facts.path, name) if name else ()
        return [target_of(each) for thing in things for each in self._types(thing)]

    def _types(self, thing: Thing) -> Things:
        if thing.role == "definition" and thing.entry.tag in VALUE_TAGS:
            return tuple(each for each in self._lookup.held(thing) if _is_type(each))
        return (thing,) if _is_type(thing) else ()

    def _calls(self) -> None:
        rewritten, add = self._scopes.rewritten, self._edges.add
        plain: dict[str, Targets] = {}
        owned: dict[str, dict[str, Targets]] = {}
        for scope, sites in _grouped(self._facts.calls).items():
            source = self._edges.source(scope)
            own = owned.setdefault(self._scopes.owner(scope), {})
            for callee, lines in sites.items():
                texts = rewritten(scope, callee) if callee[:3] != "..." else ()
                if len(texts) == 1:
                    text = texts[0]
                    # Unless it speaks of the receiver the same text means the same everywhere.
                    known = own if self._bare_members or text.startswith(RECEIVERS) else plain
                    found = known.get(text)
                    if found is None:
                        found = known[text] = self._targets(scope, texts)
                else:
                    found = self._targets(scope, texts) if texts else _NONE
                if not found and "." in callee:
                    found = self._guessed(scope, callee, texts)
                for kind, target, sure in found:
                    add(source, target, kind, lines, sure)

    def _targets(self, scope: int, texts: Texts) -> Targets:
        """What a call runs: its target, and properties its receiver is got through."""
        found: Targets = []
        for thing in self._meant(scope, texts):
            for each in self._called(thing) if thing.role != "external" else _OUTSIDE:
                found.append((CALLS, target_of(each), each.sure))
        for text in texts:
            if text.count(".") > 1:
                found.extend(self._properties(scope, text.rpartition(".")[0]))
        return found

    def _called(self, thing: Thing) -> Things:
        """What really runs when a thing is called."""
        role, tag = thing.role, thing.entry.tag
        if role == "definition":
            return (thing,) if tag not in VALUE_TAGS else self._called_value(thing)
        if role == "instance":
            found = self._lookup.member(thing, "__call__") if self._language.first_is_receiver else ()
            return tuple(each for each in found if each.role == "definition")
        if role == "super" and not self._language.first_is_receiver:
            return tuple(each for each in self._lookup.bases(thing.path, thing.entry)[:1] if _is_type(each))
        return ()

    def _called_value(self, value: Thing) -> Things:
        """What a variable holds is called, if it is known; else the variable stands for it."""
        held = [thing for thing in self._lookup.held(value) if thing.entry.tag not in VALUE_TAGS]
        return tuple(each for thing in held for each in self._called(thing)) or (value,)

    def _properties(self, scope: int, chain: str) -> Targets:
        """Methods that run because a call's receiver is got through them."""
        found: Targets = []
        while "." in chain:
            for thing in self._meant(scope, (chain,)):
                if thing.role == "definition" and thing.entry.tag == "property":
                    found.append((USES, target_of(thing), thing.sure))
            chain = chain.rpartition(".")[0]
        return found

    def _uses(self) -> None:
        add = self._edges.add
        plain: dict[tuple[str, Texts], Targets] = {}
        for scope, sites in _grouped(self._facts.uses).items():
            source = self._edges.source(scope)
            for name, lines in sites.items():
                texts = self._scopes.rewritten(scope, name)
                # As with calls: what does not speak of the receiver means the same everywhere.
                is_plain = len(texts) == 1 and not self._bare_members and not texts[0].startswith(RECEIVERS)
                found = plain.get((name, texts)) if is_plain else None
                if found is None:
                    found = [(USES, target_of(thing), thing.sure) for thing in self._used(scope, name)]
                    if is_plain:
                        plain[name, texts] = found
                for kind, target, sure in found:
                    add(source, target, kind, lines, sure)

    def _used(self, scope: int, name: str) -> Things:
        """The definitions a dotted name reads: of ``settings.DEBUG`` the last part that has a node of its own."""
        while True:
            prefix, dot, last = name.rpartition(".")
            found = tuple(thing for thing in self._evaluated(scope, name) if target_of(thing))
            if not dot:
                return found
            # What an attribute holds is not what is read: Cart.factory reads Cart, whatever the factory is.
            found = tuple(thing for thing in found if thing.role == "module" or _named_so(thing.entry, last))
            if found:
                return found
            name = prefix

    def _evaluated(self, scope: int, text: str) -> Things:
        return () if text.startswith("...") else self._meant(scope, self._scopes.rewritten(scope, text))

    def _meant(self, scope: int, texts: Texts) -> Things:
        if len(texts) == 1:
            speaks = self._bare_members or texts[0].startswith(RECEIVERS)
            return self._lookup.evaluate(self._facts.path, texts[0], self._receiver(scope) if speaks else None)
        receiver = self._receiver(scope)
        found = [thing for one in texts for thing in self._lookup.evaluate(self._facts.path, one, receiver)]
        known = [thing for thing in found if thing.role != "external"]
        return tuple(dict.fromkeys(known or found))

    def _receiver(self, scope: int) -> Thing | None:
        try:
            return self._receivers[scope]
        except KeyError:
            found = self._receivers[scope] = self._instance(self._scopes.owner(scope))
            return found

    def _instance(self, owner: str) -> Thing | None:
        if owner not in self._owners:
            things = self._lookup.evaluate(self._facts.path, owner.replace(".", ":"))
            types = [thing for thing in things if _is_type(thing)]
            self._owners[owner] = types[0]._replace(role="instance") if types else None
        return self._owners[owner]

    def _guessed(self, scope: int, callee: str, texts: Texts) -> Targets:
        """The one member of the repository that has this name, where the receiver tells nothing."""
        name = callee[callee.rfind(".") + 1 :]
        found = self._guesses.get(name)
        if found is None:
            found = self._guesses[name] = self._lone_member(name)
        return found if found and not (texts and self._meant(scope, texts)) else _NONE

    def _lone_member(self, name: str) -> Targets:
        if not telling(name):
            return _NONE
        definers = self._world.definers(f"{self._language.family}.{name}")
        if len(definers) != 1:
            return _NONE
        path, key = definers[0]
        entry = self._lookup.entry(path, key.partition("#")[0])
        return _NONE if entry is None else [(CALLS, target_of(Thing("definition", path, entry)), GUESSED)]


def _grouped(sites: Iterable[Call | Use]) -> Groups:
    """Lines by scope and text; a source file names most things more than once."""
    found: Groups = {}
    last, here = MODULE - 1, dict[str, list[int]]()
    for scope, text, line in sites:
        if scope != last:
            last, here = scope, found.setdefault(scope, {})
        known = here.get(text)
        if known is None:
            here[text] = [line]
        else:
            known.append(line)
    return found


def _is_type(thing: Thing) -> bool:
    return thing.role == "definition" and thing.entry.tag in TYPE_TAGS


def _named_so(entry: Entry, name: str) -> bool:
    return entry.key.partition("#")[0].rpartition(".")[2] == name
