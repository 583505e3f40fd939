"""The SPEC: what each Rust type holds of the C type it stands for, as the model tells it beside its design.

After SACTOR (arXiv 2503.12511, section 3.4): converters between the two are generated from it, and tested.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_FENCE = re.compile(r"^ {0,3}(`{3,})[ \t]*(\w*)[^\n`]*\n(.*?)^ {0,3}\1[ \t]*$", re.MULTILINE | re.DOTALL)
_MOST_PROBLEMS = 5


class How(StrEnum):
    """How a field of Rust holds a member of C."""

    SAME = "same"
    SLICE = "slice"
    STRING = "string"
    OWNED = "owned"
    LIST = "list"
    UNION = "union"
    DERIVED = "derived"
    PRIVATE = "private"


class _Told(BaseModel):
    # Words that nobody asked for do no harm.
    model_config = ConfigDict(frozen=True, extra="ignore")


class VariantSpec(_Told):
    """One variant of a Rust enum.

    Parameters
    ----------
    value
        Value of the C enum or tag: a number or the name of an enumerator or constant.
    rust
        Name of the variant, alone or behind its enum's.
    c
        Member of the union; empty for a variant without data.
    """

    value: int | str
    rust: str = Field(min_length=1)
    c: str = ""

    @property
    def name(self) -> str:
        """Its name alone."""
        return self.rust.rpartition("::")[2]


class FieldSpec(_Told):
    """One member of C, field of Rust, or both.

    Parameters
    ----------
    c
        Member of the C type; empty where it has none, and for a union without a name.
    rust
        Field of the Rust type; empty where it has none.
    length
        Of a slice: the member that counts its elements.
    nullable
        Whether null is a value.
    next, value
        Of a list: the node's member that leads on, and the one that is kept.
    tag, variants
        Of a union.
    """

    c: str = ""
    rust: str = ""
    how: How
    length: str = ""
    nullable: bool = False
    next: str = ""
    value: str = ""
    tag: str = ""
    variants: tuple[VariantSpec, ...] = ()

    @property
    def members(self) -> tuple[str, ...]:
        """Members of the C type that it accounts for."""
        return tuple(each for each in (self.c, self.length, self.tag) if each)


class TypeSpec(_Told):
    """A C type and the Rust type that stands for it.

    Parameters
    ----------
    c
        As C says it: ``struct ring``, ``ring_t``.
    fields
        Of a structure.
    variants
        Of a C enum that becomes a Rust enum.
    """

    c: str = Field(min_length=1)
    rust: str = Field(min_length=1)
    fields: tuple[FieldSpec, ...] = ()
    variants: tuple[VariantSpec, ...] = ()

    @property
    def rust_name(self) -> str:
        """Name of the Rust type alone."""
        return self.rust.partition("<")[0].rpartition("::")[2].strip()


class Spec(_Told):
    """The SPEC of a cluster."""

    types: tuple[TypeSpec, ...]


def read_spec(answer: str) -> Spec | list[str] | None:
    """Read the SPEC of an answer: `None` where there is none, and what is wrong with one that cannot be read."""
    text = _json_of(answer)
    if text is None:
        return None
    try:
        return Spec.model_validate(json.loads(text))
    except (json.JSONDecodeError, RecursionError) as err:
        return [f"the SPEC is no JSON: {err}"]
    except ValidationError as err:
        told = err.errors(include_url=False, include_context=False, include_input=False)[:_MOST_PROBLEMS]
        return [f"the SPEC is wrong at {'.'.join(map(str, each['loc'])) or 'its top'}: {each['msg']}" for each in told]


def _json_of(answer: str) -> str | None:
    """The last fence that is said to hold JSON, or that begins as an object does."""
    found = [
        body
        for _, language, body in _FENCE.findall(answer.replace("\r\n", "\n"))
        if language.lower() in ("json", "json5", "spec") or (not language and body.lstrip().startswith("{"))
    ]
    return found[-1] if found else None
