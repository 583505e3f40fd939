import ast

import pytest

from repowright.benchmarks.repocraft.construction.describing import Veil, described
from repowright.benchmarks.repocraft.construction.grouping import MOST, Group, category_of, grouped
from repowright.benchmarks.repocraft.construction.records import FUNCTIONS, FoundTest
from repowright.benchmarks.repocraft.construction.sampling import sampled


def found(name: str, *calls: str, file: str = "tests/test_it.py", owner: str = FUNCTIONS, line: int = 1) -> FoundTest:
    return FoundTest(file, owner, name, owner, (line, line + 1), "", (), (), calls, 1)


def parts(tests: list[FoundTest]) -> list[tuple[str, tuple[str, ...]]]:
    ordered = [found(t.name, *t.calls, file=t.file, owner=t.owner, line=n * 3 + 1) for n, t in enumerate(tests)]
    return [(group.cap, tuple(test.name for test in group.tests)) for group in grouped(ordered, "shapes")]


def group(number: int, category: str = "a") -> Group:
    return Group(
        category,
        f"{category}/test_it.py",
        FUNCTIONS,
        f"cap {number}",
        (found(f"test_{number}", file=f"{category}/test_it.py"),),
    )


def test_tests_that_speak_of_the_name_they_call_make_a_group() -> None:
    assert parts(
        [
            found("test_area_of_square", "shapes.area", "shapes.Shape"),
            found("test_edge", "shapes.edge", "shapes.Shape"),
            found("test_area_of_circle", "shapes.area", "shapes.Shape"),
            found("test_edge_length", "shapes.edge", "shapes.Shape"),
        ]
    ) == [
        ("area", ("test_area_of_square", "test_area_of_circle")),
        ("edge", ("test_edge", "test_edge_length")),
    ]


def test_a_small_class_stays_whole_and_is_named_by_what_most_of_it_calls() -> None:
    methods = [found(f"test_{word}", "shapes.Square", owner="TestX") for word in ("repr", "len", "hash")]
    assert parts(methods) == [("square", ("test_repr", "test_len", "test_hash"))]


def test_a_large_class_is_divided_and_no_group_is_larger_than_the_most() -> None:
    methods = [found(f"test_area_{number}", "shapes.area", owner="TestX") for number in range(3 * MOST + 2)]
    sizes = [len(names) for _, names in parts(methods)]
    assert sum(sizes) == 3 * MOST + 2 and max(sizes) <= MOST


def test_every_test_is_in_exactly_one_group_and_no_two_groups_share_a_name() -> None:
    tests = [found(f"test_{word}_{number}", f"shapes.{word}") for number in range(7) for word in ("cut", "turn", "get")]
    made = parts(tests)
    assert sorted(name for _, names in made for name in names) == sorted(test.name for test in tests)
    assert len({cap for cap, _ in made}) == len(made)


def test_tests_of_files_of_one_name_are_never_grouped_together() -> None:
    made = grouped([found("test_a", file="a/test_base.py"), found("test_a", file="b/test_base.py")], "shapes")
    assert [(each.category, each.file) for each in made] == [("a", "a/test_base.py"), ("b", "b/test_base.py")]


@pytest.mark.parametrize(
    ("file", "category"),
    [
        ("shapes/tests/plane/test_x.py", "plane"),
        ("shapes/plane/tests/test_x.py", "plane"),
        ("src/shapes/plane/test_x.py", "plane"),
        ("tests/test_x.py", "shapes"),
        ("test_x.py", "shapes"),
        ("shapes/build/tests/test_x.py", "build"),
    ],
)
def test_a_category_is_the_folder_without_package_and_tests(file: str, category: str) -> None:
    assert category_of(file, "shapes") == category


def test_a_sample_takes_turns_over_categories() -> None:
    groups = [group(number, category) for category in "abc" for number in range(10)]
    drawn = sampled(groups, "shapes", 0, 7)
    assert sorted(each.category for each in drawn.chosen[:3]) == ["a", "b", "c"]
    assert sorted(each.category for each in drawn.chosen[3:6]) == ["a", "b", "c"]
    assert len(drawn.chosen) == 7 and len(drawn.reserve) == 2
    assert not set(drawn.chosen) & set(drawn.reserve)


def test_a_sample_depends_on_the_seed_alone() -> None:
    groups = [group(number) for number in range(40)]
    assert sampled(groups, "shapes", 1, 9) == sampled(groups[::-1], "shapes", 1, 9)
    assert sampled(groups, "shapes", 1, 9) != sampled(groups, "shapes", 2, 9)


def test_a_new_group_moves_no_other_in_the_sample() -> None:
    groups = [group(number) for number in range(40)]
    before = sampled(groups[:-1], "shapes", 0, 40).chosen
    assert [each for each in sampled(groups, "shapes", 0, 40).chosen if each != groups[-1]] == list(before)


def test_a_group_that_is_dropped_is_replaced_by_the_first_in_reserve() -> None:
    groups = [group(number, category) for category in "abc" for number in range(9)]
    before = sampled(groups, "shapes", 0, 10)
    gone = before.chosen[4].tests[0].label
    after = sampled(groups, "shapes", 0, 10, {gone})
    assert after.chosen == (*before.chosen[:4], *before.chosen[5:], before.reserve[0])


def test_a_group_that_loses_one_of_its_tests_keeps_its_place() -> None:
    pair = Group("a", "tests/test_it.py", FUNCTIONS, "cap", (found("test_a"), found("test_b", line=5)))
    groups = [pair, *(group(number) for number in range(5))]
    before = sampled(groups, "shapes", 0, 6).chosen
    after = sampled(groups, "shapes", 0, 6, {"tests/test_it.py::test_a"}).chosen
    place = before.index(pair)
    assert [test.name for test in after[place].tests] == ["test_b"]
    assert after[:place] == before[:place] and after[place + 1 :] == before[place + 1 :]


def test_too_few_groups_are_all_taken() -> None:
    drawn = sampled([group(1), group(2)], "shapes", 0, 50)
    assert len(drawn.chosen) == 2 and drawn.reserve == ()


def test_a_description_names_neither_the_project_nor_dotted_names() -> None:
    test = FoundTest(
        "tests/test_it.py",
        "TestShapesArea",
        "test_shapes_area_of_square",
        "TestShapesArea",
        (1, 2),
        "Check that shapes.plane.area_of() knows ``Square`` (GH-12)",
        (),
        (),
        ("shapes.plane.area_of",),
        1,
    )
    told = described(Group("shapes/plane", "tests/test_it.py", "class TestShapesArea", "area of", (test,)), ["shapes"])
    for text in (told.alg_description, told.task_query):
        assert "shapes" not in text.lower() and "area_of" not in text and "GH" not in text
        assert "area of" in text and "square" in text
    assert told.task_query.startswith("You are testing ")
    assert told.described_by == "template"


def test_a_veil_takes_out_names_and_leaves_other_words() -> None:
    veil = Veil(["shapes", "scikit-shapes"])
    assert veil.over("Scikit-Shapes reshapes what shapes.area() gives, see #17") == "reshapes what area gives, see"
    assert veil.shows("Shapes and scikit-shapes") == ["scikit-shapes", "shapes"]


def test_the_source_of_a_description_is_plain_text() -> None:
    with pytest.raises(SyntaxError):
        ast.parse(described(group(1), ["shapes"]).alg_description)
