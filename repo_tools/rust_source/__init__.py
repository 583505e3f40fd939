"""Rust as the translation reads it: items and signatures, what is unsafe, what is a stub, what is a test."""

from repowright.repo_tools.rust_source.forbidden import Forbidden, find_forbidden
from repowright.repo_tools.rust_source.hoisting import hoistable
from repowright.repo_tools.rust_source.items import ItemKind, RustItem, RustSource, read_items
from repowright.repo_tools.rust_source.laundering import Laundered
from repowright.repo_tools.rust_source.literals import RustLiteral, find_literals
from repowright.repo_tools.rust_source.signatures import Parameter, Signature
from repowright.repo_tools.rust_source.splice import Spliced, add_imports, replace_body, replace_spans, splice
from repowright.repo_tools.rust_source.stubs import Stub, find_stubs, stub_out
from repowright.repo_tools.rust_source.suites import RustTest, find_tests
from repowright.repo_tools.rust_source.syntax import Span, SyntaxProblem
from repowright.repo_tools.rust_source.type_fields import RustField, RustType, RustVariant, rust_types
from repowright.repo_tools.rust_source.unsafety import UnsafeCount, count_all, count_unsafe

__all__ = [
    "Forbidden",
    "ItemKind",
    "Laundered",
    "Parameter",
    "RustField",
    "RustItem",
    "RustLiteral",
    "RustSource",
    "RustTest",
    "RustType",
    "RustVariant",
    "Signature",
    "Span",
    "Spliced",
    "Stub",
    "SyntaxProblem",
    "UnsafeCount",
    "add_imports",
    "count_all",
    "count_unsafe",
    "find_forbidden",
    "find_literals",
    "find_stubs",
    "find_tests",
    "hoistable",
    "read_items",
    "replace_body",
    "replace_spans",
    "rust_types",
    "splice",
    "stub_out",
]
