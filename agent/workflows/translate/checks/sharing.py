"""Which functions may take C's place together: none may leave a structure of Rust's layout to C code that knows C's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from repowright.agent.workflows.translate.checks.bridge import Wrapper
from repowright.agent.workflows.translate.checks.conversions import NONE, Conversions
from repowright.agent.workflows.translate.checks.crate import CProgram, Crate
from repowright.agent.workflows.translate.checks.rust_library import call_shapes
from repowright.agent.workflows.translate.checks.shapes import CallShape
from repowright.agent.workflows.translate.checks.state import kept_state
from repowright.repo_tools.c_text import CTypes, read_types
from repowright.repo_tools.rust_source import read_items

_WORD = re.compile(rb"[A-Za-z_]\w*")


def swappable(
    crate: Crate,
    program: CProgram,
    wrappers: tuple[Wrapper, ...],
    left_out: dict[str, str],
    conversions: Conversions = NONE,
) -> tuple[Wrapper, ...]:
    """Return the wrappers that can be swapped in together; the reasons of the others go into ``left_out``."""
    shared, types = _shared_layout(crate), program.types()
    tags_in_c, state = _tags_by_function(program), kept_state(program)
    kept = wrappers
    while True:
        live = _live(program, left_out)
        mixed = {tag for name in live for tag in tags_in_c.get(name, set())}
        mains = b"\n".join(program.files[path] for path in program.mains)
        text = b"\n".join((mains, *live.values()))
        shown = frozenset(_shown(program, types, live, mains))
        told = {
            each.shape.name: _why_not(each, shared, shown, mixed) or _missing(each, conversions, text) for each in kept
        }
        divided = {each.shape.name: state.divided(each.shape.name, live.keys(), mains) for each in kept}
        reasons = {name: told[name] or divided[name] for name in told}
        gone = {name: reason for name, reason in reasons.items() if reason}
        if not gone:
            return kept
        left_out |= gone
        kept = tuple(each for each in kept if each.shape.name not in gone)


def _why_not(wrapper: Wrapper, shared: set[str], shown: frozenset[str], mixed: set[str]) -> str:
    for tag in sorted(_tags(wrapper.shape) - shared - wrapper.converted):
        if tag in shown:
            return f"C code may look into struct {tag}, whose layout is Rust's own"
        if tag in mixed:
            return f"functions left in C work on struct {tag}, whose layout is Rust's own"
    return ""


def _missing(wrapper: Wrapper, conversions: Conversions, text: bytes) -> str:
    """Why a structure that is converted is not enough for the C that stays; empty where it is."""
    for tag in sorted(wrapper.converted):
        of = conversions.of(tag)
        for member in of.left_out if of is not None else ():
            if re.search(rf"(?:->|\.)\s*{re.escape(member)}\b".encode(), text):
                return f"C code looks at {member} of struct {tag}, for which Rust has nothing"
    return ""


def looked_into(crate: Crate, program: CProgram, left_out: Iterable[str]) -> set[str]:
    """Structures that C code knows or may look into as long as some functions stay in C."""
    live, types = _live(program, left_out), program.types()
    tags_in_c = _tags_by_function(program)
    shown = _shown(program, types, live, b"\n".join(program.files[path] for path in program.mains))
    return (shown | {tag for name in live for tag in tags_in_c.get(name, set())}) - _shared_layout(crate)


def _shown(program: CProgram, types: CTypes, live: Mapping[str, bytes], mains: bytes) -> set[str]:
    """Structures of headers that C may look into, and those of sources that functions left there name and look into."""
    text = b"\n".join((mains, *live.values()))
    found = {tag for tag in types.members if _looks_into(text, tag, types)}
    inner = read_types((f"{path}.h", program.files[path]) for path in program.sources).members
    own = replace(types, members=inner)
    for body in live.values():
        words = {word.decode() for word in _WORD.findall(body)}
        found |= {tag for tag in inner if words & _names(tag, types) and _looks_into(body, tag, own)}
    return found


def _tags(shape: CallShape) -> set[str]:
    made = {shape.result.tag} if shape.result is not None else set()
    return {tag for tag in (*shape.handles, *made) if tag}


def _tags_by_function(program: CProgram) -> dict[str, set[str]]:
    shapes, _ = call_shapes(program)
    found = {each.name: _tags(each) for each in shapes}
    types = program.types()
    for functions in program.functions().values():
        for function in functions:
            used = (types.structure(each.type) for each in (*function.parameters, function.result))
            found.setdefault(function.name, set()).update(tag for tag in used if tag)
    return found


def _live(program: CProgram, left: Iterable[str]) -> dict[str, bytes]:
    """The functions that stay in C and that some program can reach, by the names its text mentions: their bodies."""
    bodies = {
        function.name: program.files[path][function.body : function.end]
        for path, functions in program.functions().items()
        for function in functions
    }
    candidates = set(left) & bodies.keys()
    live: dict[str, bytes] = {}
    waiting = [program.files[path] for path in program.mains]
    while waiting:
        words = {word.decode() for word in _WORD.findall(waiting.pop())}
        found = {name: bodies[name] for name in sorted((words & candidates) - live.keys())}
        live |= found
        waiting += found.values()
    return live


def _names(tag: str, types: CTypes) -> set[str]:
    return {tag.removeprefix("@"), *(name for name in types.aliases if types.structure(name) == tag)}


def _looks_into(text: bytes, tag: str, types: CTypes) -> bool:
    """Tell whether C text may depend on a structure's layout: names a member, holds one by value, or asks its size."""
    names = _names(tag, types)
    members = "|".join(sorted(map(re.escape, types.members[tag]))) or "$^"
    either = "|".join(sorted(map(re.escape, names)))
    member, value = rf"(?:->|\.)\s*(?:{members})\b", rf"\b(?:{either})\s+\w+\s*[;=\[,{{]"
    pattern = rf"{member}|{value}|sizeof\s*\(\s*(?:struct\s+)?(?:{either})\s*\)"
    return re.search(pattern.encode(), text) is not None


def _shared_layout(crate: Crate) -> set[str]:
    """Structures whose layout is C's, under the names C may have for them."""
    names = {
        item.name
        for data in crate.rust_files().values()
        for item in read_items(data).items
        if any(each.startswith("repr(C") for each in item.attributes)
    }
    return names | {name.lower() for name in names}
