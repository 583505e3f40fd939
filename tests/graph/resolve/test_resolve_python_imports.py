from __future__ import annotations

from linked import link


def test_aliases_stand_for_what_they_name() -> None:
    found = link(
        {
            "a.py": """
            import b as other
            from b import helper as assist
            again = assist
            module = other
            def run():
                again()
                module.second()
                local = other.third
                local()
            """,
            "b.py": """
            def helper(): ...
            def second(): ...
            def third(): ...
            """,
        }
    )
    assert found.calls("a.py::run") == {"b.py::helper", "b.py::second", "b.py::third"}
    assert found.confidence("a.py::run", "b.py::helper") == 1.0


def test_dotted_imports_bind_the_first_package_or_the_alias() -> None:
    found = link(
        {
            "a/__init__.py": "",
            "a/b/__init__.py": "",
            "a/b/c.py": "def f(): ...",
            "use.py": """
            import a.b.c
            import a.b.c as c
            def run():
                a.b.c.f()
            def short():
                c.f()
            """,
        }
    )
    assert found.calls("use.py::run") == {"a/b/c.py::f"}
    assert found.calls("use.py::short") == {"a/b/c.py::f"}
    assert found.imports("use.py") == {"a/b/c.py"}


def test_import_goes_before_the_fallback_written_beside_it() -> None:
    found = link(
        {
            "fast.py": "def helper(): ...",
            "a.py": """
            try:
                from fast import helper
            except ImportError:
                def helper(): ...
            try:
                from missing import other
            except ImportError:
                def other(): ...
            def run():
                helper()
                other()
            """,
        }
    )
    assert found.calls("a.py::run") == {"fast.py::helper", "a.py::other"}


def test_packages_hand_on_what_they_import() -> None:
    found = link(
        {
            "src/shop/__init__.py": "from .cart import Cart, add as put\nfrom shop.deep import *",
            "src/shop/cart.py": "class Cart: ...\ndef add(): ...",
            "src/shop/deep/__init__.py": "from .inner import *\n__all__ = ['visible']",
            "src/shop/deep/inner.py": "def visible(): ...\ndef invisible(): ...\ndef _hidden(): ...",
            "tests/test_shop.py": """
            import shop
            from shop import Cart, invisible, put, visible
            def test():
                Cart()
                put()
                visible()
                invisible()
                shop.cart.add()
            """,
        }
    )
    assert found.calls("tests/test_shop.py::test") == {
        "src/shop/cart.py::Cart",
        "src/shop/cart.py::add",
        "src/shop/deep/inner.py::visible",
    }
    assert found.confidence("tests/test_shop.py::test", "src/shop/cart.py::Cart") == 1.0
    assert found.confidence("tests/test_shop.py::test", "src/shop/deep/inner.py::visible") == 0.8
    assert found.imports("tests/test_shop.py") == {"src/shop/__init__.py"}


def test_namespace_packages_need_no_file() -> None:
    found = link(
        {
            "space/one/a.py": "def f(): ...",
            "use.py": """
            from space.one import a
            import space.one.a
            def run():
                a.f()
            def full():
                space.one.a.f()
            """,
        }
    )
    assert found.calls("use.py::run") == {"space/one/a.py::f"}
    assert found.calls("use.py::full") == {"space/one/a.py::f"}
    assert found.imports("use.py") == {"space/one/a.py"}


def test_relative_imports_of_every_level() -> None:
    found = link(
        {
            "p/__init__.py": "",
            "p/top.py": "def f(): ...",
            "p/q/__init__.py": "def own(): ...",
            "p/q/near.py": "def g(): ...",
            "p/q/r/__init__.py": "",
            "p/q/r/use.py": """
            from ...top import f
            from ..near import g
            from .. import near, own
            from . import here
            from .... import nowhere
            def run():
                f(); g(); near.g(); own(); here.h(); nowhere()
            """,
            "p/q/r/here.py": "def h(): ...",
        }
    )
    assert found.calls("p/q/r/use.py::run") == {
        "p/top.py::f",
        "p/q/near.py::g",
        "p/q/__init__.py::own",
        "p/q/r/here.py::h",
    }
    assert found.imports("p/q/r/use.py") == {"p/top.py", "p/q/near.py", "p/q/__init__.py", "p/q/r/here.py"}


def test_circular_imports_and_names_that_define_themselves_end() -> None:
    found = link(
        {
            "a.py": """
            from b import *
            from b import g
            x = x
            def f():
                g(); x(); x.y(); loop.z()
            loop = loop.next
            """,
            "b.py": """
            from a import *
            from a import f as g, f
            y = y()
            """,
        }
    )
    assert "a.py::f" in found.calls("a.py::f")


def test_standard_modules_are_not_mistaken_for_files_of_that_name() -> None:
    found = link(
        {
            "pkg/__init__.py": "",
            "pkg/json.py": "def dumps(): ...",
            "pkg/use.py": "import json\ndef run():\n    json.dumps()",
            "pkg/right.py": "from pkg import json\ndef run():\n    json.dumps()",
            "scripts/logging.py": "def warn_all(): ...",
            "pkg/log.py": "import logging\ndef run():\n    logging.warn_all()",
        }
    )
    assert found.calls("pkg/use.py::run") == set()
    assert found.imports("pkg/use.py") == set()
    assert found.calls("pkg/right.py::run") == {"pkg/json.py::dumps"}
    assert found.imports("pkg/log.py") == set()


def test_nearest_of_several_modules_is_taken() -> None:
    found = link(
        {
            "one/helpers.py": "def f(): ...",
            "two/helpers.py": "def f(): ...",
            "two/use.py": "from helpers import f\ndef run():\n    f()",
        }
    )
    assert found.calls("two/use.py::run") == {"two/helpers.py::f"}


def test_imports_inside_functions_belong_to_the_function() -> None:
    found = link(
        {
            "b.py": "class Store:\n    def save(self): ...\ndef f(): ...",
            "a.py": """
            def run():
                from b import f, Store
                f()
                def inner():
                    Store().save()
            def other():
                f()
            """,
        }
    )
    assert found.imports("a.py::run") == {"b.py"}
    assert found.calls("a.py::run") == {"b.py::f"}
    assert found.calls("a.py::run.inner") == {"b.py::Store", "b.py::Store.save"}
    assert found.calls("a.py::other") == set()
