from textwrap import dedent

import pytest

from repowright.repo_tools.facts import Binding, Call, FileFacts, Use
from repowright.repo_tools.languages.registry import frontend_for


def facts(source: str) -> FileFacts:
    return frontend_for("a.py").read("a.py", dedent(source).encode())


def uses(source: str) -> list[tuple[int, str]]:
    return [(use.scope, use.name) for use in facts(source).uses]


def bindings(source: str) -> list[tuple[int, str, str, str]]:
    return [(one.scope, one.name, one.value, one.kind) for one in facts(source).bindings]


def test_calls_know_the_innermost_definition_around_them_header_included() -> None:
    source = """\
        @register(1)
        class A(make()):
            field = Field()
            def m(self, x=default()):
                def inner():
                    self.store.save(x)
                return helper(x)(2)
        top()
        """
    assert facts(source).calls == (
        Call(0, "register", 1),
        Call(0, "make", 2),
        Call(0, "Field", 3),
        Call(1, "default", 4),
        Call(2, "self.store.save", 6),
        Call(1, "helper", 7),
        Call(1, "helper(x)", 7),
        Call(-1, "top", 8),
    )


def test_calls_of_builtins_and_of_methods_of_literals_are_left_out() -> None:
    source = """\
        print(len(x), isinstance(x, str), ValueError("no"))
        ", ".join(f"{x}".split(), rb''.strip(), [].copy(), {}.items(), ("a" "b").format())
        super().run(items()[0].go())
        """
    assert [call.callee for call in facts(source).calls] == ["super().run", "items", "items()[0].go"]


def test_a_builtin_name_that_the_file_binds_is_called_like_any_other() -> None:
    assert [call.callee for call in facts("from a import open\nopen(1), len(2)\n").calls] == ["open"]
    assert [call.callee for call in facts("def f(filter): filter(1)\n").calls] == ["filter"]


def test_callees_stand_on_one_line_and_long_chains_are_cut() -> None:
    source = "(\n    query\n    .filter(a)  # note\n    .all()\n)\nx" + ".step" * 60 + "()\n"
    assert [call.callee for call in facts(source).calls] == ["query.filter", "query.filter(a).all", "...step"]


def test_uses_are_names_of_the_file_with_what_follows_dot_by_dot() -> None:
    source = """\
        from django.conf import settings
        import a.b, c as d
        LIMIT = settings.LIMIT
        class Base: pass
        @d.wraps
        class A(Base, Generic[Base]):
            x: Base = LIMIT
            def m(self, n=LIMIT) -> "Base | None":
                try:
                    f(handler, key=settings.DEBUG, other=self.LIMIT)
                except d.Error:
                    raise a.b.Wrong from None
                return settings.X.get(LIMIT), unknown, print, Base()
            y = m
        """
    assert uses(source) == [
        (-1, "settings.LIMIT"),
        (2, "d.wraps"),
        (2, "Base"),
        (2, "Base"),
        (2, "LIMIT"),
        (3, "LIMIT"),
        (3, "Base"),
        (3, "settings.DEBUG"),
        (3, "d.Error"),
        (3, "a.b.Wrong"),
        (3, "LIMIT"),
        (2, "m"),
    ]


@pytest.mark.parametrize(
    "body",
    [
        "def f(name): return name",
        "def f(*name): return name",
        "def f(**name): return name",
        "def f(name=1): return name",
        "def f(name: int): return name",
        "def f(name: int = 1): return name",
        "def f(*name: int): return name",
        "def f():\n    name = 1\n    return name",
        "def f():\n    name, other = 1, 2\n    return name",
        "def f():\n    for name in (): name",
        "def f():\n    with x() as name: name",
        "def f():\n    try: pass\n    except ValueError as name: name",
        "def f():\n    if (name := 1): name",
        "def f(): return [name for name in ()]",
        "def f(): return lambda name: name",
        "def f():\n    def name(): pass\n    return name",
        "def f(name):\n    def g(): return name",
        "def f(): return self.name, g(name=1)",
    ],
)
def test_names_hidden_by_parameters_and_locals_are_no_uses(body: str) -> None:
    assert uses(f"from a import name\n{body}\n") == []


def test_what_is_looked_up_outside_is_a_use_all_the_same() -> None:
    assert uses("from a import name\ndef f(name=name): pass\n") == [(0, "name")]
    assert uses("from a import name\ndef f():\n    global name\n    name = 1\n    return name\n") == [(0, "name")]
    assert uses("from a import name\nclass A:\n    name = 1\n    def m(self): return name\n") == [(1, "name")]


def test_members_of_a_class_are_seen_by_its_body_alone() -> None:
    assert uses("class A:\n    def m(self): return m\n    n = m\n") == [(0, "m")]


def test_imports_in_a_function_are_seen_there_and_further_in() -> None:
    source = "def f():\n    from a import name\n    def g(): return name\ndef h(): return name\n"
    assert uses(source) == [(1, "name")]


def test_with_star_imports_unknown_names_are_uses() -> None:
    source = "from a import *\nfor i in THINGS:\n    i\ndef f(x):\n    y = x\n    return y, Other.z, None, str\n"
    assert uses(source) == [(-1, "THINGS"), (0, "Other.z")]


def test_patterns_and_quoted_annotations_name_classes() -> None:
    source = """\
        from a import Node, Leaf
        def f(x: "list[Node]", y: Optional["a.Leaf | Leaf"]):
            match x:
                case Leaf(value=1): pass
        """
    assert [use for use in facts(source).uses] == [Use(0, "Node", 2), Use(0, "Leaf", 2), Use(0, "Leaf", 4)]


def test_bindings_of_assignments() -> None:
    source = """\
        store = Store(1)
        alias = pkg.thing
        both = other = await_it()
        first, second = make, Made()
        class A:
            objects = Manager()
            size: int = 0
            def m(this):
                this.x = Made()
                this.y: List[int] = this.x
                local = x = super().build()
                other.z = 1
                async def inner():
                    this.w = await pkg.load()
        typed: Kind = Kind()
        number, text, items = 1, "", [made()]
        added = a + b()
        """
    assert bindings(source) == [
        (-1, "store", "Store", "call"),
        (-1, "alias", "pkg.thing", "name"),
        (-1, "both", "await_it", "call"),
        (-1, "other", "await_it", "call"),
        (-1, "first", "make", "name"),
        (-1, "second", "Made", "call"),
        (6, "objects", "Manager", "call"),
        (6, "size", "int", "type"),
        (7, "self.x", "Made", "call"),
        (7, "self.y", "this.x", "name"),
        (7, "self.y", "List[int]", "type"),
        (7, "local", "super().build", "call"),
        (7, "x", "super().build", "call"),
        (8, "self.w", "pkg.load", "call"),
        (-1, "typed", "Kind", "call"),
        (-1, "typed", "Kind", "type"),
    ]


def test_bindings_of_parameters_results_and_with() -> None:
    source = """\
        def f(a: A, b: "B | None" = None, *c: C, d=1, e: dict[str,
              int]) -> Result[int]:
            with open_it(a) as x, y.lock() as z, w: pass
            if a: return make(1)
            return a.b
            return make(2)
            return 1, a
        """
    assert bindings(source) == [
        (0, "a", "A", "type"),
        (0, "b", '"B | None"', "type"),
        (0, "e", "dict[str, int]", "type"),
        (0, "", "Result[int]", "return"),
        (0, "x", "open_it", "call"),
        (0, "z", "y.lock", "call"),
        (0, "", "make", "call"),
        (0, "", "a.b", "name"),
    ]


def test_attributes_are_the_receivers_own_only() -> None:
    source = "class A:\n    @staticmethod\n    def m(x): x.y = Z()\n    @classmethod\n    def n(cls): cls.y = Z()\n"
    assert facts(source).bindings == (Binding(2, "self.y", "Z", "call", 5),)
