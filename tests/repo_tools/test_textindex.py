from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from repowright.repo_tools.languages.registry import frontend_for
from repowright.repo_tools.textindex import bags, units
from repowright.repo_tools.textindex.bm25 import add_up, rarity, saturate, scan
from repowright.repo_tools.textindex.index import Rows, TextIndex
from repowright.repo_tools.textindex.words import Vocabulary, term_hash, vocabulary, words

SOURCE = '''\
"""Carts of a shop."""

LIMIT = 3


class Basket(Base):
    """Holds items."""

    kept = True

    @property
    def total(self):
        """Sum the prices. Slowly."""
        # rounding happens later
        def inner(price):
            return price * 2
        if not self.items:
            raise EmptyBasket("the basket holds no items")
        return self.add_up(inner)

    def add_up(self, how, twice=False):
        return sum(how(x) for x in self.items)


def main():
    Basket().total
'''


def bag_of(source: str, path: str = "shop/cart.py") -> bags.Bag:
    content = source.encode()
    return bags.make_bag(frontend_for(path).read(path, content), content, vocabulary())


def counted(bag: bags.Bag, unit: str, word: str, column: str = "whole") -> int:
    number = [each.qualname for each in bag.units].index(unit)
    rows = (bag.unit == number) & (bag.term == np.uint64(vocabulary().hashes(word)[0]))
    return int(getattr(bag, column)[rows].sum())


@pytest.mark.parametrize(
    ("word", "terms"),
    [
        ("read_csv", ["read", "csv", "read_csv"]),
        ("CsvReaders", ["csv", "reader", "csvreaders"]),
        ("parseHTTPHeader2", ["pars", "http", "header", "2", "parsehttpheader2"]),
        ("__init__", ["init"]),
        ("the", []),
        ("x" * 65, []),
    ],
)
def test_identifiers_are_split_stemmed_and_kept_whole(word: str, terms: list[str]) -> None:
    assert Vocabulary().terms(word) == terms


def test_hashes_are_the_same_in_every_process() -> None:
    assert term_hash("basket") == 839229781658445006


def test_each_line_belongs_to_one_unit() -> None:
    bag = bag_of(SOURCE)
    assert [unit.qualname for unit in bag.units] == ["", "Basket", "Basket.total", "Basket.add_up", "main"]
    assert sum(unit.lines for unit in bag.units) == len(SOURCE.split("\n"))
    assert counted(bag, "Basket.total", "inner") == 2
    assert counted(bag, "Basket", "inner") == 0
    assert counted(bag, "", "LIMIT") == 1 and counted(bag, "", "kept") == 0


def test_words_of_documentation_and_strings_are_told_apart() -> None:
    bag = bag_of(SOURCE)
    assert counted(bag, "Basket.total", "prices", "doc") == 1
    assert counted(bag, "Basket.total", "rounding", "doc") == 1
    assert counted(bag, "Basket.total", "holds", "text") == 1
    assert counted(bag, "Basket.total", "items", "text") == 1 < counted(bag, "Basket.total", "items")


def test_what_a_unit_takes_raises_and_is_for() -> None:
    bag = bag_of(SOURCE)
    rows = zip(bag.extra_unit.tolist(), bag.extra_field.tolist(), bag.extra.tolist(), strict=True)
    found = set(rows)
    assert (3, bags.PARAMETER, term_hash("twice")) in found
    assert (2, bags.RAISES, term_hash("emptybasket")) in found
    assert (2, bags.LEAD, term_hash("price")) in found
    assert (2, bags.LEAD, term_hash("slowli")) not in found


def test_units_know_bases_decorators_and_nesting() -> None:
    found = {unit.qualname: unit for unit in bag_of(SOURCE).units}
    assert found["Basket"].bases == ("Base",)
    assert found["Basket.total"].decorators == ("property",)
    assert found["Basket.total"].flags & units.NESTS and found["Basket.total"].flags & units.HAS_DOC
    assert not found["main"].flags & (units.NESTS | units.HAS_DOC)


def test_a_bag_comes_back_from_bytes() -> None:
    bag = bag_of(SOURCE)
    again = bags.unpack(bags.pack(bag))
    assert again.units == bag.units
    for name, _ in bags.ARRAYS:
        assert np.array_equal(getattr(again, name), getattr(bag, name)), name


def test_other_languages_give_bags_too() -> None:
    bag = bag_of('/* Frees it. */\nint drop(int *p) { return fail("lost pointer"); }\n', "a.c")
    assert [unit.qualname for unit in bag.units] == ["", "drop"]
    assert counted(bag, "drop", "pointer", "text") == 1


@given(st.text(alphabet=st.sampled_from(list("ab(){}:=\"'#\n\t\\ .,@*_")), max_size=200))
def test_any_source_gives_a_bag(source: str) -> None:
    bag = bag_of(source)
    assert bag.units[0].kind == units.MODULE_UNIT and len(bag.unit) == len(bag.term)


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.sets(st.integers(0, 2**64 - 1), max_size=10))
def test_scan_finds_what_is_there(column: list[int], terms: set[int]) -> None:
    wanted = sorted(terms | set(column[::3]))
    hits = scan(np.array(wanted, np.uint64), np.array(column, np.uint64))
    assert hits.row.tolist() == [row for row, term in enumerate(column) if term in set(wanted)]
    assert [wanted[place] for place in hits.term] == [term for term in column if term in set(wanted)]


def test_rare_words_count_more_and_repetition_saturates() -> None:
    rare, common, nowhere = rarity(np.array([0, 1, 1, 1]), 3, 4)
    assert rare > common > nowhere == 0
    once, twice, often = saturate(np.array([1.0, 2.0, 100.0]), np.full(3, 5.0), 5.0, 1.5, 0.75)
    assert once < twice < 2 * once and often < 2.5


def test_an_index_joins_files() -> None:
    first, second = bag_of(SOURCE), bag_of("def other(basket):\n    return basket\n")
    index = TextIndex([("a.py", first), ("b.py", second)], vocabulary())
    assert index.size == 7 and index.file.tolist() == [0] * 5 + [1] * 2
    assert index.names[6] == "other" and index.is_function[6]
    hits = scan(np.array([term_hash("basket")], np.uint64), index.term)
    assert set(index.unit[hits.row].tolist()) == {1, 2, 4, 6}


def test_an_empty_index_answers_nothing() -> None:
    index = TextIndex([], vocabulary())
    assert index.size == 0 and len(scan(np.array([1], np.uint64), index.term).row) == 0


def test_rows_of_short_texts() -> None:
    rows = Rows.of_texts(["read csv", "", "csv"], vocabulary())
    assert rows.length.tolist() == [2, 0, 1]
    assert add_up(rows.owner, None, 3).tolist() == [2, 0, 1]


def test_words_keep_identifiers_whole() -> None:
    assert words("call _parse(x.y_z)") == ["call", "_parse", "x", "y_z"]
