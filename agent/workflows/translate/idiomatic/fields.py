"""One field of a Rust type and the members of C it holds: code that fills either from the other.

``c`` and ``r`` are expressions of the whole structures; C's is filled statement by statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from repowright.agent.workflows.translate.idiomatic.values import SUPPORT, Value

MOST_ITEMS = 5
"""Elements of a slice or list that is drawn."""


class FieldCode(Protocol):
    """Code of one field."""

    def to_rust(self, c: str) -> str:
        """Expression of the field's value."""
        ...

    def to_c(self, r: str) -> list[str]:
        """Statements that fill the members of ``c``; ``r`` is a reference to the field's value."""
        ...

    def draw(self) -> list[str]:
        """Statements that fill the members of ``c`` with drawn values."""
        ...

    def same(self, a: str, b: str) -> list[tuple[str, str]]:
        """Members, each with the condition under which two structures agree on it."""
        ...

    def release(self, c: str) -> str:
        """Statements that free what its members own."""
        ...


@dataclass(frozen=True)
class Single:
    """One member."""

    member: str
    value: Value

    def to_rust(self, c: str) -> str:
        return self.value.to_rust(f"{c}.{self.member}")

    def to_c(self, r: str) -> list[str]:
        return [f"c.{self.member} = {self.value.to_c(r)};"]

    def draw(self) -> list[str]:
        return [f"c.{self.member} = {self.value.draw()};"]

    def same(self, a: str, b: str) -> list[tuple[str, str]]:
        return [(self.member, self.value.same(f"{a}.{self.member}", f"{b}.{self.member}"))]

    def release(self, c: str) -> str:
        return self.value.release(f"{c}.{self.member}")


@dataclass(frozen=True)
class Slice:
    """A pointer with the number of its elements.

    Parameters
    ----------
    element
        Type of an element in C's layout.
    is_option
        Whether null is ``None``.
    lent
        Whether C may not write, and so not free the elements.
    """

    member: str
    length: str
    element: str
    value: Value
    is_option: bool
    lent: bool = False

    def to_rust(self, c: str) -> str:
        one = self.value.to_rust(f"(*{c}.{self.member}.add(each))")
        made = f"(0..{c}.{self.length} as usize).map(|each| {one}).collect()"
        return f"(if {c}.{self.member}.is_null() {{ None }} else {{ Some({made}) }})" if self.is_option else made

    def to_c(self, r: str) -> list[str]:
        one = self.value.to_c("each")
        made = f"let all: Vec<{self.element}> = held.iter().map(|each| {one}).collect();"
        put = f"c.{self.length} = all.len() as _; c.{self.member} = {SUPPORT}::row(all) as _;"
        if self.is_option:
            return [f"if let Some(held) = {r} {{ {made} {put} }}"]
        return [f"{{ let held = {r}; {made} {put} }}"]

    def draw(self) -> list[str]:
        limit = (
            f"let room = if depth == 0 {{ 0 }} else {{ g.below({MOST_ITEMS}) }}; let depth = depth.saturating_sub(1);"
        )
        made = f"let all: Vec<{self.element}> = (0..room).map(|_| {self.value.draw()}).collect();"
        put = f"c.{self.length} = all.len() as _; c.{self.member} = {SUPPORT}::row(all) as _;"
        if self.is_option:
            return [f"if g.below(4) > 0 {{ {limit} {made} {put} }}"]
        return [f"{{ {limit} {made} {put} }}"]

    def same(self, a: str, b: str) -> list[tuple[str, str]]:
        one = self.value.same(f"(*{a}.{self.member}.add(each))", f"(*{b}.{self.member}.add(each))")
        alike = f"(0..{a}.{self.length} as usize).all(|each| {one})"
        null = f"{a}.{self.member}.is_null() == {b}.{self.member}.is_null() && " if self.is_option else ""
        return [(self.length, f"({a}.{self.length} == {b}.{self.length})"), (self.member, f"({null}{alike})")]

    def release(self, c: str) -> str:
        if self.lent:
            return ""
        one = self.value.release(f"(*{c}.{self.member}.add(each))")
        inside = f"for each in 0..{c}.{self.length} as usize {{ {one} }} " if one else ""
        return f"if !{c}.{self.member}.is_null() {{ {inside}{SUPPORT}::give_back({c}.{self.member}); }}"


@dataclass(frozen=True)
class Linked:
    """A pointer to the first node of a list.

    Parameters
    ----------
    node
        Type of a node in C's layout.
    value
        Of the member that is kept, or of the whole node.
    kept
        That member; empty for the whole node.
    """

    member: str
    node: str
    next: str
    value: Value
    kept: str

    def _item(self, at: str) -> str:
        return f"(*{at}).{self.kept}" if self.kept else f"(*{at})"

    def _node(self, made: str) -> str:
        if self.kept:
            return f"let mut node: {self.node} = core::mem::zeroed(); node.{self.kept} = {made};"
        return f"let mut node: {self.node} = {made};"

    def _put(self, made: str) -> str:
        return f"{self._node(made)} node.{self.next} = first as _; first = {SUPPORT}::place(node);"

    def to_rust(self, c: str) -> str:
        one = self.value.to_rust(self._item("at"))
        walk = f"found.push({one}); at = (*at).{self.next} as *mut {self.node};"
        begin = f"let mut found = Vec::new(); let mut at = {c}.{self.member} as *mut {self.node};"
        return f"{{ {begin} while !at.is_null() {{ {walk} }} found.into_iter().collect() }}"

    def to_c(self, r: str) -> list[str]:
        begin = f"let mut first: *mut {self.node} = core::ptr::null_mut();"
        loop = f"for each in ({r}).iter().rev() {{ {self._put(self.value.to_c('each'))} }}"
        return [f"{{ {begin} {loop} c.{self.member} = first as _; }}"]

    def draw(self) -> list[str]:
        room = (
            f"let room = if depth == 0 {{ 0 }} else {{ g.below({MOST_ITEMS}) }}; let depth = depth.saturating_sub(1);"
        )
        begin = f"let mut first: *mut {self.node} = core::ptr::null_mut();"
        loop = f"for _ in 0..room {{ {self._put(self.value.draw())} }}"
        return [f"{{ {room} {begin} {loop} c.{self.member} = first as _; }}"]

    def same(self, a: str, b: str) -> list[tuple[str, str]]:
        kind = f"*mut {self.node}"
        begin = f"let (mut one, mut other) = ({a}.{self.member} as {kind}, {b}.{self.member} as {kind});"
        alike = self.value.same(self._item("one"), self._item("other"))
        on = f"one = (*one).{self.next} as {kind}; other = (*other).{self.next} as {kind};"
        loop = f"while !one.is_null() && !other.is_null() && {alike} {{ {on} }}"
        return [(self.member, f"{{ {begin} {loop} one.is_null() && other.is_null() }}")]

    def release(self, c: str) -> str:
        begin = f"let mut at = {c}.{self.member} as *mut {self.node};"
        on = f"let next = (*at).{self.next} as *mut {self.node}; {SUPPORT}::give_back(at); at = next;"
        return f"{{ {begin} while !at.is_null() {{ {self.value.release(self._item('at'))} {on} }} }}"


@dataclass(frozen=True)
class Case:
    """One variant of a union.

    Parameters
    ----------
    tag
        Its number.
    rust
        Path of the variant.
    names
        Of the variant's fields; none for a variant without data.
    is_tuple
        Whether the variant's fields have no names.
    members
        For each field: where its value lies in the union, and the code of it.
    """

    tag: int
    rust: str
    names: tuple[str, ...]
    is_tuple: bool
    members: tuple[tuple[str, Value], ...]

    def _filled(self, values: list[str]) -> str:
        if not self.names:
            return self.rust
        if self.is_tuple:
            return f"{self.rust}({', '.join(values)})"
        pairs = (f"{name}: {value}" for name, value in zip(self.names, values, strict=True))
        return f"{self.rust} {{ {', '.join(pairs)} }}"

    def pattern(self) -> str:
        """A pattern that binds its fields as ``f0``, ``f1`` and so on."""
        return self._filled([f"f{number}" for number in range(len(self.names))])

    def made(self, union: str) -> str:
        """The variant made of the union."""
        return self._filled([value.to_rust(f"{union}{place}") for place, value in self.members])


@dataclass(frozen=True)
class Tagged:
    """A union beside its tag, in Rust an enum.

    Parameters
    ----------
    union
        The member that is the union.
    """

    union: str
    tag: str
    cases: tuple[Case, ...]

    def to_rust(self, c: str) -> str:
        arms = [f"{case.tag} => {case.made(f'{c}.{self.union}')}" for case in self.cases]
        return (
            f'match {c}.{self.tag} as i64 {{ {", ".join(arms)}, other => panic!("no variant for the tag {{other}}") }}'
        )

    def to_c(self, r: str) -> list[str]:
        arms = []
        for case in self.cases:
            fills = [
                f"c.{self.union}{place} = {value.to_c(f'f{at}')};" for at, (place, value) in enumerate(case.members)
            ]
            arms.append(f"{case.pattern()} => {{ c.{self.tag} = {case.tag}i64 as _; {' '.join(fills)} }}")
        return [f'match {r} {{ {" ".join(arms)} #[allow(unreachable_patterns)] _ => panic!("no tag for a variant") }}']

    def draw(self) -> list[str]:
        arms = []
        for number, case in enumerate(self.cases):
            fills = [f"c.{self.union}{place} = {value.draw()};" for place, value in case.members]
            label = str(number) if number < len(self.cases) - 1 else "_"
            arms.append(f"{label} => {{ c.{self.tag} = {case.tag}i64 as _; {' '.join(fills)} }}")
        return [f"match g.below({len(self.cases)}) {{ {' '.join(arms)} }}"]

    def same(self, a: str, b: str) -> list[tuple[str, str]]:
        arms = []
        for case in self.cases:
            alike = [value.same(f"{a}.{self.union}{at}", f"{b}.{self.union}{at}") for at, value in case.members]
            arms.append(f"{case.tag} => {' && '.join(alike) or 'true'}")
        return [
            (self.tag, f"({a}.{self.tag} == {b}.{self.tag})"),
            (self.union, f"(match {a}.{self.tag} as i64 {{ {', '.join(arms)}, _ => false }})"),
        ]

    def release(self, c: str) -> str:
        arms = []
        for case in self.cases:
            inside = " ".join(value.release(f"{c}.{self.union}{at}") for at, value in case.members).strip()
            arms += [f"{case.tag} => {{ {inside} }}"] if inside else []
        return f"match {c}.{self.tag} as i64 {{ {' '.join(arms)} _ => {{}} }}" if arms else ""
