from __future__ import annotations

import pytest
from linked import link


def test_self_and_renamed_receivers_reach_members() -> None:
    found = link(
        {
            "a.py": """
            class Cart:
                def add(this):
                    this.check()
                def check(self): ...
                @classmethod
                def make(klass):
                    klass.prepare()
                    return klass()
                @classmethod
                def prepare(cls): ...
                @staticmethod
                def plain(self):
                    self.check()
            """
        }
    )
    assert found.calls("a.py::Cart.add") == {"a.py::Cart.check"}
    assert found.calls("a.py::Cart.make") == {"a.py::Cart.prepare", "a.py::Cart"}
    assert found.confidence("a.py::Cart.add", "a.py::Cart.check") == 1.0
    assert found.calls("a.py::Cart.plain") <= {"a.py::Cart.check"}
    assert not found.calls("a.py::Cart.plain") or found.confidence("a.py::Cart.plain", "a.py::Cart.check") == 0.5


def test_members_are_inherited_across_files_from_left_to_right() -> None:
    found = link(
        {
            "base.py": """
            class Root:
                def save(self): ...
                def load(self): ...
            class Left(Root): ...
            class Right(Root):
                def save(self): ...
            """,
            "child.py": """
            import base
            class Child(base.Left, base.Right):
                def run(self):
                    self.save()
                    self.load()
            """,
        }
    )
    assert found.calls("child.py::Child.run") == {"base.py::Right.save", "base.py::Root.load"}
    assert found.edges("inherits") >= {
        ("child.py::Child", "base.py::Left"),
        ("child.py::Child", "base.py::Right"),
        ("base.py::Left", "base.py::Root"),
    }


def test_super_passes_over_the_own_member() -> None:
    found = link(
        {
            "a.py": """
            class Base:
                def run(self): ...
            class Child(Base):
                def run(self):
                    super().run()
                def other(self):
                    super(Child, self).run()
            """
        }
    )
    assert found.calls("a.py::Child.run") == {"a.py::Base.run"}
    assert found.calls("a.py::Child.other") == {"a.py::Base.run"}


def test_attributes_are_typed_by_assignment_and_annotation() -> None:
    found = link(
        {
            "store.py": """
            class Store:
                def save(self): ...
            """,
            "a.py": """
            from store import Store
            class Cart:
                shared: Store
                kind = Store
                def __init__(self, given: "Store | None"):
                    self.store = Store()
                    self.given = given
                def run(self):
                    self.store.save()
                def declared(self):
                    self.shared.save()
                def handed(self):
                    self.given.save()
                def made(self):
                    self.kind().save()
            class Big(Cart):
                def big(self):
                    self.store.save()
            """,
        }
    )
    for name in ("Cart.run", "Cart.declared", "Cart.handed", "Cart.made", "Big.big"):
        assert "store.py::Store.save" in found.calls(f"a.py::{name}"), name
    assert found.confidence("a.py::Cart.run", "store.py::Store.save") == 0.9


@pytest.mark.parametrize(
    "annotation",
    [
        "Store",
        "Optional[Store]",
        "Union[int, Store]",
        "Store | None",
        "'Store'",
        "Annotated[Store, 1]",
        "typing.Optional['Store']",
    ],
)
def test_parameters_are_typed_by_annotation(annotation: str) -> None:
    text = f"""
    class Store:
        def save(self): ...
    def run(store: {annotation}):
        store.save()
    """
    assert link({"a.py": text}).confidence("a.py::run", "a.py::Store.save") == 0.9


def test_container_of_a_type_is_not_the_type() -> None:
    found = link(
        {
            "a.py": """
            class Store:
                def append(self): ...
            def run(stores: list[Store]):
                stores.append(1)
            """
        }
    )
    assert found.calls("a.py::run") == set()


def test_type_of_a_type_is_the_type_itself() -> None:
    found = link(
        {
            "a.py": """
            class Store:
                @classmethod
                def make(cls): ...
            def run(kind: type[Store]):
                kind()
                kind.make()
            """
        }
    )
    assert found.calls("a.py::run") == {"a.py::Store", "a.py::Store.make"}


def test_results_are_typed_by_return_annotation() -> None:
    found = link(
        {
            "a.py": """
            from b import make, Builder
            def run():
                made = make()
                made.save()
                make().load()
                Builder().again().again().build().save()
            """,
            "b.py": """
            from typing import Self
            class Store:
                def save(self): ...
                def load(self): ...
            def make() -> Store: ...
            class Builder:
                def again(self) -> Self: ...
                def build(self) -> "Store": ...
            """,
        }
    )
    assert found.calls("a.py::run") == {
        "b.py::make",
        "b.py::Builder",
        "b.py::Builder.again",
        "b.py::Builder.build",
        "b.py::Store.save",
        "b.py::Store.load",
    }


def test_properties_on_the_way_are_used_and_typed() -> None:
    found = link(
        {
            "a.py": """
            class Store:
                def save(self): ...
            class Cart:
                @property
                def store(self) -> Store: ...
                @store.setter
                def store(self, value): ...
                def run(self):
                    self.store.save()
            def outside(cart: Cart):
                cart.store.save()
            """
        }
    )
    assert found.calls("a.py::Cart.run") == {"a.py::Store.save"}
    assert found.uses("a.py::Cart.run") == {"a.py::Cart.store"}
    assert "a.py::Cart.store" in found.uses("a.py::outside")


def test_calling_an_object_reaches_its_call_method() -> None:
    found = link(
        {
            "a.py": """
            class Handler:
                def __call__(self): ...
            handler = Handler()
            def run():
                handler()
            """
        }
    )
    assert found.calls("a.py::run") == {"a.py::Handler.__call__"}


def test_what_a_call_gives_is_called_again() -> None:
    found = link(
        {
            "a.py": """
            class Handler:
                def __call__(self) -> "Handler": ...
            def make() -> Handler: ...
            def top():
                make()()()
            def local():
                made = make
                made()()
            """
        }
    )
    assert found.calls("a.py::top") == {"a.py::make", "a.py::Handler.__call__"}
    assert found.calls("a.py::local") == {"a.py::make", "a.py::Handler.__call__"}


def test_arguments_and_indices_in_a_chain_are_passed_over() -> None:
    found = link(
        {
            "a.py": """
            class Store:
                def make(self) -> "Store": ...
                def find(self): ...
            def run(stores: list[Store]):
                Store(1, "a.b(c").make([2, 3]).find()
            def indexed(stores):
                stores[0].find()
            """
        }
    )
    assert found.calls("a.py::run") == {"a.py::Store", "a.py::Store.make", "a.py::Store.find"}
    assert found.calls("a.py::indexed") == set()


def test_class_attribute_may_be_called_like_the_function_it_holds() -> None:
    found = link(
        {
            "a.py": """
            def save(): ...
            class Store:
                save = save
                again = save
                def run(self):
                    self.save()
                    self.again()
            """
        }
    )
    assert found.calls("a.py::Store.run") == {"a.py::save"}


def test_every_one_of_many_bases_is_looked_at() -> None:
    bases = "\n".join(f"class B{each}:\n    def m{each}(self): ..." for each in range(9))
    names = ", ".join(f"B{each}" for each in range(9))
    found = link({"a.py": f"{bases}\nclass Child({names}):\n    def run(self):\n        self.m8()\n"})
    assert found.confidence("a.py::Child.run", "a.py::B8.m8") == 1.0
    assert len(found.edges("inherits")) == 9


def test_property_decorator_outside_a_class_makes_no_method() -> None:
    found = link(
        {
            "a.py": """
            @property
            def total(): ...
            def pay():
                total()
            """
        }
    )
    assert found.calls("a.py::pay") == {"a.py::total"}
