"""Parts of one module merged: names that mean different things in two parts are renamed in the later one."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from repowright.repo_tools.errors import ComposeError
from repowright.repo_tools.import_statements import ImportBinding
from repowright.repo_tools.import_time import Block, ordered
from repowright.repo_tools.python_ast import decorator_name
from repowright.repo_tools.rename import rename_globals

Named = tuple[str, str]
_STATEFUL = frozenset(
    {"Condition", "Counter", "Event", "Lock", "OrderedDict", "Queue", "RLock", "Random", "Semaphore"}
    | {"bytearray", "count", "cycle", "defaultdict", "deque", "dict", "list", "local", "set"}
)


@dataclass(frozen=True)
class Part:
    """What one writer brings; ``helpers`` and ``definitions`` are (name, source) pairs.

    ``fixtures`` are helpers that tests ask for by the name of a parameter.
    """

    name: str
    imports: tuple[ImportBinding, ...]
    guarded: tuple[ImportBinding, ...]
    helpers: tuple[Named, ...]
    definitions: tuple[Named, ...]
    fixtures: frozenset[str] = frozenset()

    @property
    def own_names(self) -> set[str]:
        """Every module-level name the part binds."""
        imported = {binding.bound for binding in (*self.imports, *self.guarded)}
        return imported | {name for name, _ in (*self.helpers, *self.definitions)}

    def renamed(self, names: Mapping[str, str]) -> Part:
        """The same part with module-level names replaced throughout."""
        return Part(
            self.name,
            tuple(_rename_import(binding, names) for binding in self.imports),
            tuple(_rename_import(binding, names) for binding in self.guarded),
            tuple((names.get(name, name), self.rewritten(text, names)) for name, text in self.helpers),
            tuple((names.get(name, name), self.rewritten(text, names)) for name, text in self.definitions),
            frozenset(names.get(name, name) for name in self.fixtures),
        )

    def rewritten(self, text: str, names: Mapping[str, str]) -> str:
        """A text of this part with module-level names replaced."""
        return rename_globals(text, names, self.fixtures & names.keys())


@dataclass(frozen=True)
class MergedModule:
    """The imports of a module, those for type checkers alone, and its definitions in order."""

    imports: tuple[ImportBinding, ...]
    guarded: tuple[ImportBinding, ...]
    blocks: tuple[Block, ...]


def merge(parts: Sequence[Part], module: str) -> MergedModule:
    """Merge parts in the given order.

    Raises
    ------
    ComposeError
        If names clash in a way renaming cannot solve, or no order of the definitions works at import time.
    """
    units = {name for part in parts for name, _ in part.definitions}
    taken = _builtins_used(parts) | {name: f"unit {name}" for name in units}
    imports: dict[ImportBinding, None] = {}
    guarded: dict[ImportBinding, None] = {}
    blocks: dict[str, Block] = {}
    for part in parts:
        local = _without_own_imports(part, module, units)
        local = local.renamed(_renames(local, taken))
        taken |= dict(_meanings(local, {}))
        imports |= dict.fromkeys(local.imports)
        guarded |= dict.fromkeys(local.guarded)
        for block in _blocks(local):
            blocks.setdefault(block.name, block)
    runtime = {binding.bound for binding in imports}
    kept = [binding for binding in guarded if binding.bound not in runtime]
    return MergedModule(tuple(imports), tuple(kept), tuple(ordered(list(blocks.values()))))


def _blocks(part: Part) -> Iterator[Block]:
    helpers = tuple(name for name, _ in part.helpers)
    yield from (Block(name, text) for name, text in part.helpers)
    yield from (Block(name, text, helpers) for name, text in part.definitions)


def _builtins_used(parts: Sequence[Part]) -> dict[str, str]:
    """Builtins that some part uses as such, so that no other part may rebind them for the whole module."""
    known = frozenset(dir(builtins))
    used: set[str] = set()
    for part in parts:
        texts = [text for _, text in (*part.helpers, *part.definitions)]
        spelled = {node.id for text in texts for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        used |= (spelled & known) - part.own_names
    return {name: f"builtin {name}" for name in sorted(used)}


def _meanings(part: Part, renames: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each imported name and helper with what it stands for, once the other names are replaced."""
    for binding in (*part.imports, *part.guarded):
        yield binding.bound, binding.meaning
    for name, text in part.helpers:
        others = {old: new for old, new in renames.items() if old != name}
        tree = ast.parse(part.rewritten(text, others))
        # State that two writers keep under one name is theirs apart, even if it begins alike.
        owner = f" of {part.name}" if _is_state(tree.body[-1]) else ""
        yield name, f"helper {ast.dump(tree)}{owner}"


def _is_state(node: ast.stmt) -> bool:
    """Whether a statement makes a container to be filled, or a counter or lock to be used."""
    value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
    if isinstance(value, ast.Dict | ast.List):
        return not (value.keys if isinstance(value, ast.Dict) else value.elts)
    return isinstance(value, ast.Call) and decorator_name(value) in _STATEFUL


def _renames(part: Part, taken: Mapping[str, str]) -> dict[str, str]:
    """New names for what means something else already; a renamed helper may make its users differ too."""
    renames: dict[str, str] = {}
    while True:
        clashes = [
            name
            for name, meaning in _meanings(part, renames)
            if name not in renames and taken.get(name, meaning) != meaning
        ]
        if not clashes:
            return renames
        for name in dict.fromkeys(clashes):
            used = taken.keys() | part.own_names | set(renames.values())
            renames[name] = _new_name(part.name, name, used)


def _new_name(label: str, name: str, used: Collection[str]) -> str:
    stem = f"_{re.sub(r'[^0-9a-zA-Z]+', '_', label).strip('_')}_{name.lstrip('_')}"
    candidates = (stem if number == 1 else f"{stem}_{number}" for number in range(1, len(used) + 2))
    return next(candidate for candidate in candidates if candidate not in used)


def _rename_import(binding: ImportBinding, names: Mapping[str, str]) -> ImportBinding:
    new = names.get(binding.bound)
    if new is None:
        return binding
    if not binding.name and not binding.alias and "." in binding.module:
        why = f"`{binding.statement}` binds `{binding.bound}`, which means something else in the module"
        raise ComposeError("the parts do not fit", (why,), "import it under another name with `as`")
    return binding.renamed(new)


def _without_own_imports(part: Part, module: str, units: Collection[str]) -> Part:
    """The part without imports from the very module it becomes a piece of."""
    if not module:
        return part
    own = module.removesuffix(".__init__")
    local = [binding for binding in (*part.imports, *part.guarded) if binding.name and _source(binding, module) == own]
    strange = [binding for binding in local if binding.name not in units]
    if strange and own == module:
        why = tuple(f"`{binding.statement}` names nothing that `{own}` defines" for binding in strange)
        raise ComposeError(f"`{part.name}` cannot be composed", why)
    dropped = [binding for binding in local if binding.name in units]
    aliases = {binding.bound: binding.name for binding in dropped if binding.bound != binding.name}
    kept = replace(
        part,
        imports=tuple(binding for binding in part.imports if binding not in dropped),
        guarded=tuple(binding for binding in part.guarded if binding not in dropped),
    )
    return kept.renamed(aliases)


def _source(binding: ImportBinding, module: str) -> str:
    """Absolute dotted name of the module a ``from`` import reads."""
    if not binding.level:
        return binding.module
    package = module.split(".")[: -binding.level]
    return ".".join([*package, *([binding.module] if binding.module else [])])
