"""Source files as nobody writes them: cut, mixed, mis-encoded, endless and deep."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes], bytes]


def mutated(random: Random, source: bytes) -> bytes:
    """Return the source after one to three mutations."""
    for _ in range(random.randrange(1, 4)):
        source = random.choice(MUTATIONS)(random, source)
    return source


def monsters(line: int = 10_000_000, depth: int = 5_000) -> dict[str, bytes]:
    """Return files that are extreme in one way, by name."""
    return {
        "long_line.py": b"x = [" + b"1," * (line // 2) + b"]\n",
        "long_text.js": b"var s = '" + b"a" * line + b"';\n",
        "deep_parens.py": b"x = " + b"(" * depth + b"1" + b")" * depth + b"\n",
        "deep_open.py": b"f(" * depth,
        "deep_blocks.py": b"".join(b" " * level + b"if x:\n" for level in range(min(depth, 1_000))),
        "deep_functions.py": b"".join(b" " * level + b"def f():\n" for level in range(min(depth, 1_000))),
        "deep_braces.c": b"int f() " + b"{" * depth + b"}" * depth,
        "deep_arrays.ts": b"let a = " + b"[" * depth + b"]" * depth,
        "deep_types.rs": b"fn f() -> " + b"Vec<" * depth + b"u8" + b">" * depth + b" {}",
        "deep_calls.go": b"package a\nfunc f() { " + b"f(" * depth + b")" * depth + b" }\n",
        "deep_classes.java": b"class A {" * depth + b"}" * depth,
        "nul.py": b"\0" * 1000,
        "all_bytes.py": bytes(range(256)) * 8,
        "utf16.py": "def f():\n    pass\n".encode("utf-16"),
        "latin.py": "# -*- coding: latin-1 -*-\ndef caf\xe9(): pass\n".encode("latin-1"),
        "bom.py": b"\xef\xbb\xbfdef f(): pass\n",
        "crlf.py": b"def f():\r\n    return 1\r\n\r\nclass A:\r\n    def m(self): pass\r\n",
        "cr.py": b"def f():\r    return 1\r",
        "empty.py": b"",
        "blank.py": b"   \n\t\n\f\n",
        "conflict.py": b"<<<<<<< a\ndef f(): pass\n=======\ndef g(): pass\n>>>>>>> b\n",
        "surrogate.py": b"def f():\n    '''\xed\xa0\x80'''\n",
        "binary.c": b"\x7fELF\x02\x01\x01" + bytes(range(256)),
    }


def _cut(random: Random, source: bytes) -> bytes:
    return source[: random.randrange(len(source) + 1)]


def _drop(random: Random, source: bytes) -> bytes:
    start = random.randrange(len(source) + 1)
    return source[:start] + source[start + random.randrange(40) :]


def _insert(random: Random, source: bytes) -> bytes:
    at = random.randrange(len(source) + 1)
    return source[:at] + random.choice(_SCRAPS) + source[at:]


def _repeat(random: Random, source: bytes) -> bytes:
    at = random.randrange(len(source) + 1)
    return source[:at] + source[at : at + 60] * random.randrange(2, 30) + source[at:]


def _shuffle(random: Random, source: bytes) -> bytes:
    lines = source.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


def _flip(random: Random, source: bytes) -> bytes:
    mixed = bytearray(source)
    for _ in range(min(len(mixed), 20)):
        mixed[random.randrange(len(mixed))] = random.randrange(256)
    return bytes(mixed)


def _recode(random: Random, source: bytes) -> bytes:
    return source.decode("latin-1").encode(random.choice(["utf-16", "utf-8-sig", "utf-32", "cp037"]))


def _other_ends(random: Random, source: bytes) -> bytes:
    return source.replace(b"\n", random.choice([b"\r\n", b"\r", b"\n\n", b"\x0c\n", b" "]))


def _dedent(random: Random, source: bytes) -> bytes:
    return b"\n".join(line.lstrip() if random.random() < 0.2 else line for line in source.split(b"\n"))


_SCRAPS: Sequence[bytes] = (
    b"\0",
    b"\xff\xfe",
    b"'''",
    b'"',
    b"(" * 50,
    b"}" * 9,
    b"\\",
    b"\n\n\n",
    b"#if 0\n",
    b"/*",
    b"class A(A): pass\n",
    b"from . import *\n",
    "\u2028\u202e\U0001f600".encode(),
    b"\xed\xa0\x80",
    b"def \xc3\xa9\xc2\xa0():",
    b"async await yield lambda:",
)
MUTATIONS: Sequence[Mutation] = (
    _cut,
    _drop,
    _insert,
    _insert,
    _repeat,
    _shuffle,
    _flip,
    _recode,
    _other_ends,
    _dedent,
)
