import pytest

from repowright.repo_tools.errors import SourceError
from repowright.repo_tools.python_source import signature_of, signature_problems


@pytest.mark.parametrize(
    ("source", "qualname", "expected"),
    [
        ("def f(a:int,b:str='x')->bool: ...", "f", "def f(a: int, b: str = 'x') -> bool"),
        ("async def f(a=1, /, b=2, *, c, d=3, **k): ...", "f", "async def f(a=1, /, b=2, *, c, d=3, **k)"),
        ("def f(*args: int, k: str): ...", "f", "def f(*args: int, k: str)"),
        ("class A(B, metaclass=M): ...", "A", "class A(B, metaclass=M)"),
        ("class A:\n    def f(self): ...", "A.f", "def f(self)"),
        ("if True:\n    def f(x): ...\nelse:\n    def f(y): ...", "f", "def f(y)"),
    ],
)
def test_signature_is_one_normalised_line(source: str, qualname: str, expected: str) -> None:
    assert signature_of(source, qualname) == expected


def test_signature_is_that_of_the_implementation_not_of_an_overload() -> None:
    source = "@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): return a\n"
    assert signature_of(source, "f") == "def f(a)"


def test_signature_of_an_unknown_name_is_an_error() -> None:
    with pytest.raises(SourceError, match="`g` is not defined"):
        signature_of("def f(): ...", "g")


def problems(planned: str, actual: str, qualname: str = "f") -> list[str]:
    return signature_problems(planned, actual, qualname)


@pytest.mark.parametrize(
    ("planned", "actual"),
    [
        ("def f(a: int, b='x') -> bool", "def f(a: int, b=None) -> bool: return True"),
        ("def f(a: Optional[int]) -> 'A':", "def f(a: int | None) -> A: return a"),
        ("def f(a): ...", "def f(a: int) -> int: return a"),
        ("async def f(*args, **kwargs): ...", "async def f(*args, **kwargs): pass"),
        ("@property\ndef f(self) -> int: ...", "@functools.cached_property\ndef f(self) -> int: return 1"),
    ],
)
def test_kept_plans_have_no_problems(planned: str, actual: str) -> None:
    assert problems(planned, actual) == []


@pytest.mark.parametrize(
    ("planned", "actual", "expected"),
    [
        ("def f(a)", "def g(a): ...", "`f` is not defined"),
        ("def f(a, b)", "def f(a): ...", "`f` lacks the parameter `b`"),
        ("def f(a)", "def f(a, *, strict=False): ...", "`f` has the unplanned parameter `strict`"),
        ("def f(a, b)", "def f(b, a): ...", "`f` has its parameters in another order; planned: a, b"),
        ("def f(a, *, b)", "def f(a, b): ...", "`f`: parameter `b` is positional; planned keyword-only"),
        ("def f(a=1)", "def f(a): ...", "`f`: parameter `a` needs a default"),
        ("def f(a)", "def f(a=1): ...", "`f`: parameter `a` must not have a default"),
        ("def f(a: int)", "def f(a: str): ...", "`f`: parameter `a` is annotated `str`; planned `int`"),
        ("def f(a: int)", "def f(a): ...", "`f`: parameter `a` has no annotation; planned `int`"),
        ("def f() -> int", "def f() -> str: ...", "`f` returns `str`; planned `int`"),
        ("def f() -> int", "def f(): ...", "`f` has no return annotation; planned `int`"),
        ("async def f()", "def f(): ...", "`f` must be async"),
        ("def f()", "async def f(): ...", "`f` must not be async"),
        ("@staticmethod\ndef f(): ...", "def f(): ...", "`f` must be a static method"),
        ("def f(): ...", "@property\ndef f(): ...", "`f` must not be a property"),
        ("def f(): ...", "class f: ...", "`f` is a class; the plan has a function"),
    ],
)
def test_departures_from_a_planned_function_are_named(planned: str, actual: str, expected: str) -> None:
    assert problems(planned, actual) == [expected]


CLASS = '''
class Stack(Sized):
    """A stack."""
    limit: int = 3

    def __init__(self, items: list[int]) -> None: ...
    def push(self, item: int) -> None: ...
    @property
    def top(self) -> int: ...
    @top.setter
    def top(self, value: int) -> None: ...
    def _hidden(self): ...
'''
GOOD_CLASS = """
class Stack(Sized):
    limit: int = 9
    def __init__(self, items: List[int]) -> None: self._items = items
    def push(self, item: int) -> None: pass
    @property
    def top(self) -> int: return 1
    @top.setter
    def top(self, value: int) -> None: pass
    def extra(self): pass
"""


def test_a_class_may_add_methods_and_leave_private_ones_out() -> None:
    assert problems(CLASS, GOOD_CLASS, "Stack") == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("class Stack(Sized)", "class Stack", "class `Stack` has no base class; planned: Sized"),
        ("class Stack(Sized)", "class Stack(list)", "class `Stack` inherits list; planned: Sized"),
        ("def push(self, item: int)", "def push(self)", "`Stack.push` lacks the parameter `item`"),
        ("def push", "def put", "the method `Stack.push` is missing"),
        ("limit: int = 9", "pass", "class `Stack` lacks the field `limit`"),
        ("limit: int", "limit: str", "`Stack`: field `limit` is annotated `str`; planned `int`"),
        ("@top.setter", "@other", "the setter `Stack.top` is missing"),
    ],
)
def test_departures_from_a_planned_class_are_named(old: str, new: str, expected: str) -> None:
    assert expected in problems(CLASS, GOOD_CLASS.replace(old, new), "Stack")


def test_a_field_set_in_the_constructor_is_present() -> None:
    planned = "class A:\n    size: int\n    def __init__(self): ..."
    assert problems(planned, "class A:\n    def __init__(self):\n        self.size = 1", "A") == []


def test_a_method_made_by_assignment_is_present() -> None:
    actual = "class A:\n    def __add__(self, other): ...\n    __radd__ = __add__"
    assert problems("class A:\n    def __radd__(self, other): ...", actual, "A") == []


DATACLASS = "@dataclass(frozen=True)\nclass P:\n    x: int\n    y: int = 0\n"


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (DATACLASS.replace("(frozen=True)", ""), "dataclass `P` has frozen=False; planned frozen=True"),
        ("class P:\n    x: int\n    y: int = 0\n", "class `P` must be a dataclass"),
        (DATACLASS.replace("y: int = 0", "y: int"), "`P`: field `y` needs a default"),
        (DATACLASS + "    z: int = 1\n", "dataclass `P` takes the unplanned field `z`"),
        (DATACLASS.replace("x: int\n", "z: int\n"), "class `P` lacks the field `x`"),
        (
            "@dataclass(frozen=True)\nclass P:\n    y: int = 0\n    x: int = field()\n",
            "dataclass `P` has its fields in another order; planned: x, y",
        ),
    ],
)
def test_departures_from_a_planned_dataclass_are_named(actual: str, expected: str) -> None:
    assert expected in problems(DATACLASS, actual, "P")


def test_a_dataclass_may_use_slots_and_hold_fields_outside_its_constructor() -> None:
    actual = DATACLASS.replace("frozen=True", "slots=True, frozen=True")
    actual += "    cache: dict = field(init=False, default_factory=dict)\n    kind: ClassVar[str] = 'p'\n"
    assert problems(DATACLASS, actual, "P") == []


def test_a_method_may_be_planned_alone() -> None:
    actual = "class A:\n    def f(self, b): ..."
    assert problems("def f(self, a) -> int", actual, "A.f") == [
        "`A.f` lacks the parameter `a`",
        "`A.f` has the unplanned parameter `b`",
        "`A.f` has no return annotation; planned `int`",
    ]


def test_a_plan_of_something_else_is_an_error() -> None:
    with pytest.raises(SourceError, match="it defines g"):
        problems("def g(): ...", "def f(): ...")
