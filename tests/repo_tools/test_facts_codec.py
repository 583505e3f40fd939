from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.repo_tools import facts_codec
from repowright.repo_tools.facts import (
    Binding,
    Call,
    Definition,
    FileFacts,
    Import,
    Inheritance,
    ParseProblem,
    Use,
)

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LINE = st.integers(1, 9999)
SCOPE = st.integers(-1, 50)


def many(record: type, *fields: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(st.builds(record, *fields), max_size=4).map(tuple)


FACTS = st.builds(
    FileFacts,
    path=st.just("a/b.py"),
    language=TEXT,
    lines=LINE,
    definitions=many(
        Definition,
        st.sampled_from(["class", "function", "macro"]),
        TEXT,
        TEXT,
        st.tuples(LINE, LINE),
        TEXT,
        TEXT,
        st.lists(TEXT, max_size=2).map(tuple),
        SCOPE,
        st.booleans(),
    ),
    imports=many(Import, TEXT, TEXT, TEXT, LINE, LINE, st.booleans(), st.booleans(), st.booleans(), SCOPE),
    calls=many(Call, SCOPE, TEXT, LINE),
    uses=many(Use, SCOPE, TEXT, LINE),
    bindings=many(Binding, SCOPE, TEXT, TEXT, st.sampled_from(["call", "name", "type", "return"]), LINE),
    inheritances=many(Inheritance, SCOPE, TEXT, LINE, TEXT),
    docstring=TEXT,
    package=TEXT,
    exports=st.none() | st.lists(TEXT, max_size=3).map(tuple),
    errors=many(ParseProblem, LINE, TEXT),
)


@given(FACTS)
def test_round_trip_keeps_all_but_the_path(facts: FileFacts) -> None:
    packed = facts_codec.pack(facts)
    again = facts_codec.unpack("other.py", packed)
    assert again == facts._replace(path="other.py")
    assert facts_codec.pack(again) == packed
    assert all(type(each) is Definition for each in again.definitions)


@pytest.mark.parametrize("damaged", [b"", b"\xc1", b"\x90", b"\x01", facts_codec.pack(FileFacts("a", "python"))[:-2]])
def test_damaged_bytes_are_told_apart(damaged: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        facts_codec.unpack("a.py", damaged)
