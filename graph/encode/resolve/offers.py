"""What one file offers to the resolution of others."""

from __future__ import annotations

from repowright.graph.encode.contribution import Contribution, Value, definition_keys
from repowright.graph.encode.resolve.common_names import telling
from repowright.graph.encode.resolve.language import Language
from repowright.graph.encode.resolve.scopes import Scopes, Texts
from repowright.graph.encode.resolve.things import FUNCTION_TAGS, STAR, TYPE_TAGS, Wanted
from repowright.repo_tools.facts import MODULE, Definition, FileFacts

_LATER = ("overload", "typing.overload", "t.overload", "prototype")
_MOST = 4
_MOST_BASES = 24


def contribution_of(facts: FileFacts, language: Language) -> Contribution:
    """Return the contribution of a file; it speaks of no line, comment or body that tells no type."""
    offers = _Offers(facts, language)
    entries: dict[str, Value] = offers.entries()
    return Contribution(language.keys(facts), entries, offers.names())


class _Offers:
    def __init__(self, facts: FileFacts, language: Language) -> None:
        self._facts = facts
        self._language = language
        self._scopes = Scopes(
            facts, first_is_receiver=language.first_is_receiver, members_in_scope=language.members_in_scope
        )
        self._keys = definition_keys(facts.definitions)

    def entries(self) -> dict[str, Value]:
        """Everything others may ask for, by key."""
        imports = self._imports()
        texts = self._texts()
        found: dict[str, Value] = {}
        chosen = self._chosen()
        for qualname, index in chosen.items():
            definition = self._facts.definitions[index]
            tag = _tag(definition)
            come_from = tuple(imports.pop(qualname, ())) if definition.conditional else ()
            imports.pop(qualname, None)
            found[qualname] = (tag, self._keys[index], tuple(texts.pop(qualname, ())), come_from)
        for qualname, wanted in imports.items():
            tag = "star" if qualname == STAR else "import"
            found[qualname] = (tag, "", (), tuple(wanted))
        for qualname, each in texts.items():
            found.setdefault(qualname, ("binding", "", tuple(each), ()))
        if self._facts.exports is not None:
            found["__all__"] = ("exports", "", self._facts.exports, ())
        if self._facts.package:
            found["__package__"] = ("package", self._facts.package, (), ())
        return found

    def names(self) -> tuple[tuple[str, str], ...]:
        """Members, and where a language links by bare names, everything such a name can mean."""
        family, found = self._language.family, []
        for index, definition in enumerate(self._facts.definitions):
            name = definition.name
            if definition.kind == "method" and telling(name) and not self._inside_function(definition.parent):
                found.append((f"{family}.{name}", self._keys[index]))
        found.extend(self._language.linked(self._facts, self._keys))
        return tuple(found)

    def _inside_function(self, index: int) -> bool:
        """Whether a type is local to a function; from elsewhere its members are hardly meant."""
        while index != MODULE:
            definition = self._facts.definitions[index]
            if definition.kind in FUNCTION_TAGS:
                return True
            index = definition.parent
        return False

    def _chosen(self) -> dict[str, int]:
        """For each qualified name the definition that is meant: the first that is no overload or prototype."""
        found: dict[str, int] = {}
        for index, definition in enumerate(self._facts.definitions):
            first = found.setdefault(definition.qualname, index)
            if first != index and _is_later(self._facts.definitions[first]) and not _is_later(definition):
                found[definition.qualname] = index
        return found

    def _imports(self) -> dict[str, list[Wanted]]:
        found: dict[str, list[Wanted]] = {}
        for each in self._facts.imports:
            name, wanted = self._language.wanted(each)
            if not name:
                continue
            if each.scope != MODULE:
                name = f"{self._facts.definitions[each.scope].qualname}.{name}"
            found.setdefault(name, []).append(wanted)
        return found

    def _texts(self) -> dict[str, Texts]:
        """What names hold, functions give back and types derive from, by qualified name."""
        found: dict[str, dict[str, None]] = {}
        definitions = self._facts.definitions
        for binding in self._facts.bindings:
            key = self._bound_key(binding.scope, binding.name)
            if key:
                texts = found.setdefault(key, {})
                if len(texts) < _MOST:
                    texts.update(dict.fromkeys(self._scopes.values(binding)))
        for base in self._facts.inheritances:
            if base.scope != MODULE:
                definition = definitions[base.scope]
                texts = found.setdefault(definition.qualname, {})
                texts.update(dict.fromkeys(self._scopes.rewritten(definition.parent, plain_base(base.base))))
        return {key: _portable(tuple(texts)) for key, texts in found.items()}

    def _bound_key(self, scope: int, name: str) -> str:
        """Qualified name of what a binding speaks of; empty for what only its function sees."""
        if name.startswith("self."):
            owner = self._scopes.owner(scope)
            return f"{owner}.{name[5:]}" if owner and "." not in name[5:] else ""
        if scope == MODULE:
            return "" if "." in name else name
        definition = self._facts.definitions[scope]
        if not name:
            return definition.qualname if definition.kind not in TYPE_TAGS else ""
        return f"{definition.qualname}.{name}" if definition.kind in TYPE_TAGS else ""


def plain_base(text: str) -> str:
    """Return a base without what stands in brackets behind its name."""
    if "[" in text:
        text = text.partition("[")[0]
    if "(" in text:
        text = text.partition("(")[0] + "()"
    return text


def _portable(texts: Texts) -> Texts:
    """Without the word ``super``, which means something else in another type."""
    return tuple(text for text in texts if not text.startswith("super") and len(text) <= 200)[:_MOST_BASES]


def _is_later(definition: Definition) -> bool:
    return any(each in _LATER for each in definition.decorators)


def _tag(definition: Definition) -> str:
    if definition.kind not in FUNCTION_TAGS or not definition.decorators:
        return definition.kind
    for each in definition.decorators:
        if each == "prototype":
            return "prototype"
        # Outside a class the decorator makes no property, and the node is a function's.
        if definition.kind == "method" and (each == "property" or each.endswith("property")):
            return "property"
    return definition.kind
