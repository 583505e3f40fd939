from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from repowright.inference_backend.config import PAGE, PRESETS
from repowright.inference_backend.errors import OutOfPages
from repowright.inference_backend.kv.blocks import PageAllocator
from repowright.inference_backend.kv.hashes import chain_root, page_names

_PAGES = 12
_ROOT = chain_root(PRESETS["int4"], "weights")


class Allocation(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.pages = PageAllocator(_PAGES)
        self.texts: list[tuple[list[int], list[bytes]]] = []
        self.contents: dict[int, bytes] = {}

    @rule(text=st.lists(st.integers(0, 1), min_size=1, max_size=5))
    def begin(self, text: list[int]) -> None:
        names = page_names(_ROOT, [token for each in text for token in [each] * PAGE])
        shared = self.pages.find(names)
        assert [self.contents[page] for page in shared] == names[: len(shared)]
        fresh = len(names) - len(shared)
        is_admitted = self.pages.can_admit(shared, fresh)
        self.pages.hold(shared)
        assert is_admitted == (self.pages.available >= fresh)
        if not is_admitted:
            with pytest.raises(OutOfPages):
                self.pages.allocate(fresh)
            self.pages.release(shared)
            return
        table = shared + self.pages.allocate(fresh)
        for page, name in zip(table, names, strict=True):
            self.pages.name(page, name)
        self.contents |= dict(zip(table, names, strict=True))
        self.texts.append((table, names))

    @precondition(lambda self: self.texts)
    @rule(choice=st.integers(0, 100))
    def end(self, choice: int) -> None:
        table, _ = self.texts.pop(choice % len(self.texts))
        self.pages.release(table)

    @rule()
    def forget(self) -> None:
        self.pages.forget()
        assert self.pages.cached == 0

    @invariant()
    def references_are_those_of_the_texts(self) -> None:
        wanted = Counter(page for table, _ in self.texts for page in table)
        assert [self.pages.holders(page) for page in range(_PAGES)] == [wanted[page] for page in range(_PAGES)]

    @invariant()
    def every_page_is_free_cached_or_held(self) -> None:
        assert self.pages.available + self.pages.held == _PAGES

    @invariant()
    def pages_of_a_text_keep_what_they_hold(self) -> None:
        for table, names in self.texts:
            assert [self.contents[page] for page in table] == names
            found = self.pages.find(names)
            assert [self.contents[page] for page in found] == names[: len(found)]


TestAllocation = Allocation.TestCase
TestAllocation.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def _named(pages: PageAllocator, tokens: list[int]) -> tuple[list[int], list[bytes]]:
    names = page_names(_ROOT, tokens)
    table = pages.allocate(len(names))
    for page, name in zip(table, names, strict=True):
        pages.name(page, name)
    return table, names


def test_released_prefix_is_found_again_until_its_pages_are_needed() -> None:
    pages = PageAllocator(4)
    table, names = _named(pages, list(range(3 * PAGE)))
    pages.release(table)
    assert pages.find(names) == table
    pages.allocate(2)
    assert pages.find(names) == table[:2]
    pages.allocate(2)
    assert pages.find(names) == []


def test_least_recently_used_text_goes_first() -> None:
    pages = PageAllocator(4)
    old, old_names = _named(pages, [1] * 2 * PAGE)
    new, new_names = _named(pages, [2] * 2 * PAGE)
    pages.release(new)
    pages.release(old)
    pages.allocate(2)
    assert pages.find(old_names) == old
    assert pages.find(new_names) == []


def test_too_many_pages_are_refused_and_none_is_taken() -> None:
    pages = PageAllocator(3)
    with pytest.raises(OutOfPages, match="4 pages are wanted and 3 of 3"):
        pages.allocate(4)
    assert pages.available == 3


def test_shared_cached_pages_do_not_count_as_room() -> None:
    pages = PageAllocator(3)
    table, _ = _named(pages, list(range(2 * PAGE)))
    pages.release(table)
    assert pages.can_admit([], 3)
    assert pages.can_admit(table, 1)
    assert not pages.can_admit(table, 2)


def test_free_page_cannot_be_held_and_unheld_one_not_released() -> None:
    pages = PageAllocator(2)
    with pytest.raises(ValueError, match="free"):
        pages.hold([0])
    with pytest.raises(ValueError, match="held by nobody"):
        pages.release([0])


def test_names_differ_by_anything_that_changes_keys() -> None:
    tokens = list(range(PAGE))
    roots = [
        chain_root(PRESETS["int4"], "weights"),
        chain_root(PRESETS["int2"], "weights"),
        chain_root(PRESETS["int4"], "others"),
        chain_root(PRESETS["int4"], "weights", rope="long"),
        chain_root(PRESETS["int4"], "weights", codebook="trained"),
    ]
    assert len({page_names(root, tokens)[0] for root in roots}) == len(roots)


def test_equal_pages_behind_different_beginnings_have_different_names() -> None:
    one, other = page_names(_ROOT, [1] * PAGE + [3] * PAGE), page_names(_ROOT, [2] * PAGE + [3] * PAGE)
    assert one[1] != other[1]
    assert len(page_names(_ROOT, [1] * (2 * PAGE - 1))) == 1
