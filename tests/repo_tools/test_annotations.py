import pytest

from repowright.repo_tools.signatures import same_annotation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Optional[int]", "int | None"),
        ("Optional[int]", "None | int"),
        ("Union[int, str, None]", "Optional[Union[str, int]]"),
        ("typing.List[int]", "list[int]"),
        ("'Node'", "Node"),
        ("list['Node']", "List[Node]"),
        ("models.User", "User"),
        ("Dict[str, Optional['A']]", "dict[str, A | None]"),
        ("Callable[[int], Optional[str]]", "collections.abc.Callable[[int], str | None]"),
        ("Tuple[int, ...]", "tuple[int, ...]"),
        ("int | int", "int"),
        ("Union[int, Callable[[int | str], int]]", "Callable[[str | int], int] | int"),
    ],
)
def test_annotations_of_one_type_are_the_same(one: str, other: str) -> None:
    assert same_annotation(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int", "str"),
        ("list[int]", "list[str]"),
        ("list", "list[int]"),
        ("int | None", "int"),
        ("Literal['a']", "Literal['b']"),
        ("Literal['a']", "a"),
        ("tuple[()]", "tuple"),
        ("tuple[int, str]", "tuple[str, int]"),
    ],
)
def test_annotations_of_different_types_are_not(one: str, other: str) -> None:
    assert not same_annotation(one, other)
