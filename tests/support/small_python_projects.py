"""C projects of our own with the Python that they become."""

from __future__ import annotations

from small_c_projects import QUEUE, CProject

WORDS_C = """#include "words.h"

static int is_word(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

size_t count_words(const char *text) {
    size_t count = 0;
    int inside = 0;
    for (const char *at = text; *at; at++) {
        int now = is_word((unsigned char)*at);
        if (now && !inside) count++;
        inside = now;
    }
    return count;
}

/* Wraps. */
unsigned hash_text(const char *text) {
    unsigned sum = 5381;
    for (; *text; text++) sum = sum * 33 + (unsigned char)*text;
    return sum;
}

void reverse(unsigned char *data, size_t len) {
    for (size_t i = 0; i < len / 2; i++) {
        unsigned char kept = data[i];
        data[i] = data[len - 1 - i];
        data[len - 1 - i] = kept;
    }
}

int quotient(int a, int b) { return a / b; }
"""
WORDS_H = """#include <stddef.h>
enum state { OUTSIDE, INSIDE = 5 };
size_t count_words(const char *text);
unsigned hash_text(const char *text);
void reverse(unsigned char *data, size_t len);
int quotient(int a, int b);
"""
RING_PY = """def place(ring, at):
    return ((ring.head + at) & 0xFFFFFFFFFFFFFFFF) % ring.limit


def ring_new(limit):
    if limit == 0 or limit > RING_MOST:
        return None
    return Ring(items=[0] * limit, limit=limit)


def ring_free(ring):
    ring.items = None


def ring_push(ring, value):
    if ring.count == ring.limit:
        return 0
    ring.items[place(ring, ring.count)] = value
    ring.count += 1
    return 1


def ring_pop(ring, fallback):
    if ring.count == 0:
        return fallback
    value = ring.items[ring.head]
    ring.head = place(ring, 1)
    ring.count -= 1
    return value
"""
WORDS_PY = """def is_word(c):
    return int(ord("a") <= c <= ord("z") or ord("A") <= c <= ord("Z"))


def count_words(text):
    count = inside = 0
    for byte in text:
        now = is_word(byte)
        if now and not inside:
            count += 1
        inside = now
    return count


def hash_text(text):
    total = 5381
    for byte in text:
        total = (total * 33 + byte) & 0xFFFFFFFF
    return total


def reverse(data, len_):
    data[:len_] = data[:len_][::-1]


def quotient(a, b):
    return _towards_zero(a, b)


def _towards_zero(a, b):
    whole = abs(a) // abs(b)
    return whole if (a < 0) == (b < 0) else -whole
"""
SHELF = CProject(
    "shelf",
    {**QUEUE.c, "words.c": WORDS_C, "words.h": WORDS_H},
    solution={"c/ring.py": RING_PY, "c/words.py": WORDS_PY},
)
COUNTER = CProject(
    "counter",
    {"words.c": WORDS_C, "words.h": WORDS_H},
    {
        "counter/__init__.py": "",
        "counter/words.py": """class Words:
    def __init__(self, text: bytes) -> None:
        self.text = text

    def count_words(self) -> int:
        ...

    def hash_text(self) -> int:
        raise NotImplementedError("later")
""",
    },
    {
        "test_words.py": """import pytest

from counter.words import Words


@pytest.mark.parametrize(("text", "count"), [(b"", 0), (b"one two", 2), (b"a1b", 2)])
def test_counts(text: bytes, count: int) -> None:
    assert Words(text).count_words() == count


def test_hashes() -> None:
    assert Words(b"x").hash_text() == 177693


def test_needs_nothing() -> None:
    assert Words(b"").text == b""
""",
    },
    {
        "counter/words.py": """class Words:
    def count_words(self) -> int:
        return len(re.findall(rb"[a-zA-Z]+", self.text))

    def hash_text(self) -> int:
        total = 5381
        for byte in self.text:
            total = (total * 33 + byte) & 0xFFFFFFFF
        return total
""",
    },
)
