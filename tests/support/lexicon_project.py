"""A C project of three files: a tokenizer, a trie of words, and a cache that asks a function for what it lacks."""

from __future__ import annotations

from small_c_projects import CProject

_TYPES = """/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    End = 0,
    Word = 1,
    Number = 2,
    Sign = 3,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub length: usize,
}
"""
_TRIE = """use crate::tokenizer::{token_next, TokenKind};

#[derive(Debug, Default)]
pub struct Trie {
    children: [Option<Box<Trie>>; 26],
    count: u32,
}
"""
_LRU = """/// What is asked for a value that is not kept.
pub type Load = fn(i32) -> i32;

pub struct Cache {
    keys: Vec<i32>,
    values: Vec<i32>,
    limit: usize,
    load: Load,
}
"""

LEXICON = CProject(
    "lexicon",
    {
        "src/tokenizer.h": """#ifndef TOKENIZER_H
#define TOKENIZER_H
#include <stddef.h>
typedef enum { TOKEN_END, TOKEN_WORD, TOKEN_NUMBER, TOKEN_SIGN } token_kind;
typedef struct {
    token_kind kind;
    size_t start, length;
} token;
token token_next(const char *text, size_t at);
#endif
""",
        "src/tokenizer.c": """#include "tokenizer.h"
#define IS_DIGIT(c) ((c) >= '0' && (c) <= '9')

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* The token at or behind a position; spaces before it are skipped. */
token token_next(const char *text, size_t at) {
    token found = { TOKEN_END, 0, 0 };
    while (text[at] == ' ') at++;
    found.start = at;
    if (text[at] == 0) return found;
    if (is_letter(text[at])) {
        found.kind = TOKEN_WORD;
        while (is_letter(text[at])) at++;
    } else if (IS_DIGIT(text[at])) {
        found.kind = TOKEN_NUMBER;
        while (IS_DIGIT(text[at])) at++;
    } else {
        found.kind = TOKEN_SIGN;
        at++;
    }
    found.length = at - found.start;
    return found;
}
""",
        "src/trie.h": """#ifndef TRIE_H
#define TRIE_H
typedef struct trie {
    struct trie *children[26];
    unsigned count;
} trie;
trie *trie_new(void);
void trie_add(trie *t, const char *word, unsigned long length);
unsigned trie_count(const trie *t, const char *word);
unsigned trie_read(trie *t, const char *text);
#endif
""",
        "src/trie.c": """#include <stdlib.h>
#include <string.h>
#include "tokenizer.h"
#include "trie.h"

static int slot(char c) { return (c | 32) - 'a'; }

trie *trie_new(void) { return calloc(1, sizeof(trie)); }

/* Only letters may be in the word; large and small ones are the same. */
void trie_add(trie *t, const char *word, unsigned long length) {
    for (unsigned long i = 0; i < length; i++) {
        trie **next = &t->children[slot(word[i])];
        if (!*next) *next = trie_new();
        t = *next;
    }
    t->count++;
}

unsigned trie_count(const trie *t, const char *word) {
    for (; *word; word++) {
        t = t->children[slot(*word)];
        if (!t) return 0;
    }
    return t->count;
}

/* Adds every word of a text and returns how many there were. */
unsigned trie_read(trie *t, const char *text) {
    unsigned words = 0;
    token found = token_next(text, 0);
    while (found.kind != TOKEN_END) {
        if (found.kind == TOKEN_WORD) {
            trie_add(t, text + found.start, found.length);
            words++;
        }
        found = token_next(text, found.start + found.length);
    }
    return words;
}
""",
        "src/lru.c": """#include <stdlib.h>
#include <string.h>
#include "lru.h"

cache *cache_new(size_t limit, load_fn load) {
    cache *c = malloc(sizeof *c);
    c->keys = malloc(limit * sizeof(int));
    c->values = malloc(limit * sizeof(int));
    c->count = 0;
    c->limit = limit;
    c->load = load;
    return c;
}

/* The value of a key, loaded where it is not kept; the key used longest ago goes first. */
int cache_get(cache *c, int key) {
    for (size_t i = 0; i < c->count; i++) {
        if (c->keys[i] != key) continue;
        int value = c->values[i];
        memmove(c->keys + 1, c->keys, i * sizeof(int));
        memmove(c->values + 1, c->values, i * sizeof(int));
        c->keys[0] = key;
        c->values[0] = value;
        return value;
    }
    int value = c->load(key);
    if (c->count < c->limit) c->count++;
    memmove(c->keys + 1, c->keys, (c->count - 1) * sizeof(int));
    memmove(c->values + 1, c->values, (c->count - 1) * sizeof(int));
    c->keys[0] = key;
    c->values[0] = value;
    return value;
}
""",
        "src/lru.h": """#include <stddef.h>
typedef int (*load_fn)(int);
typedef struct {
    int *keys, *values;
    size_t count, limit;
    load_fn load;
} cache;
cache *cache_new(size_t limit, load_fn load);
int cache_get(cache *c, int key);
""",
    },
    {
        "src/lib.rs": "pub mod lru;\npub mod tokenizer;\npub mod trie;\n",
        "src/tokenizer.rs": f"""{_TYPES}
pub fn token_next(text: &[u8], at: usize) -> Token {{
    unimplemented!()
}}
""",
        "src/trie.rs": f"""{_TRIE}
impl Trie {{
    pub fn new() -> Trie {{
        unimplemented!()
    }}

    pub fn add(&mut self, word: &[u8]) {{
        unimplemented!()
    }}

    pub fn count(&self, word: &[u8]) -> u32 {{
        unimplemented!()
    }}

    pub fn read(&mut self, text: &[u8]) -> u32 {{
        unimplemented!()
    }}
}}
""",
        "src/lru.rs": f"""{_LRU}
impl Cache {{
    pub fn new(limit: usize, load: Load) -> Cache {{
        unimplemented!()
    }}

    pub fn get(&mut self, key: i32) -> i32 {{
        unimplemented!()
    }}
}}
""",
    },
    {
        "lexicon.rs": """use lexicon::lru::Cache;
use lexicon::trie::Trie;

#[test]
fn counts_words() {
    let mut trie = Trie::new();
    assert_eq!(trie.read(b"the cat, The 7 dogs"), 4);
    assert_eq!((trie.count(b"the"), trie.count(b"dog"), trie.count(b"dogs")), (2, 0, 1));
}

#[test]
fn keeps_what_was_used_last() {
    use std::cell::Cell;
    thread_local!(static LOADS: Cell<i32> = const { Cell::new(0) });
    fn load(key: i32) -> i32 {
        LOADS.with(|loads| loads.set(loads.get() + 1));
        key * 2
    }
    let mut cache = Cache::new(2, load);
    let got: Vec<i32> = [1, 2, 1, 3, 1, 2].into_iter().map(|key| cache.get(key)).collect();
    assert_eq!(got, [2, 4, 2, 6, 2, 4]);
    assert_eq!(LOADS.with(Cell::get), 4);
}
""",
    },
    {
        "src/tokenizer.rs": f"""{_TYPES}
fn byte(text: &[u8], at: usize) -> u8 {{
    text.get(at).copied().unwrap_or(0)
}}

pub fn token_next(text: &[u8], mut at: usize) -> Token {{
    while byte(text, at) == b' ' {{
        at += 1;
    }}
    let start = at;
    let first = byte(text, at);
    let kind = match first {{
        0 => TokenKind::End,
        _ if first.is_ascii_alphabetic() => TokenKind::Word,
        _ if first.is_ascii_digit() => TokenKind::Number,
        _ => TokenKind::Sign,
    }};
    at += match kind {{
        TokenKind::End => 0,
        TokenKind::Word => text[at..].iter().take_while(|c| c.is_ascii_alphabetic()).count(),
        TokenKind::Number => text[at..].iter().take_while(|c| c.is_ascii_digit()).count(),
        TokenKind::Sign => 1,
    }};
    Token {{ kind, start, length: at - start }}
}}
""",
        "src/trie.rs": f"""{_TRIE}
fn slot(c: u8) -> usize {{
    usize::from((c | 32) - b'a')
}}

impl Trie {{
    pub fn new() -> Trie {{
        Trie::default()
    }}

    pub fn add(&mut self, word: &[u8]) {{
        let mut at = self;
        for &c in word {{
            at = at.children[slot(c)].get_or_insert_with(Box::default);
        }}
        at.count += 1;
    }}

    pub fn count(&self, word: &[u8]) -> u32 {{
        let mut at = self;
        for &c in word {{
            match &at.children[slot(c)] {{
                Some(next) => at = next,
                None => return 0,
            }}
        }}
        at.count
    }}

    pub fn read(&mut self, text: &[u8]) -> u32 {{
        let mut words = 0;
        let mut found = token_next(text, 0);
        while found.kind != TokenKind::End {{
            let end = found.start + found.length;
            if found.kind == TokenKind::Word {{
                self.add(&text[found.start..end]);
                words += 1;
            }}
            found = token_next(text, end);
        }}
        words
    }}
}}
""",
        "src/lru.rs": f"""{_LRU}
impl Cache {{
    pub fn new(limit: usize, load: Load) -> Cache {{
        Cache {{ keys: Vec::new(), values: Vec::new(), limit, load }}
    }}

    pub fn get(&mut self, key: i32) -> i32 {{
        let value = match self.keys.iter().position(|&kept| kept == key) {{
            Some(at) => {{
                self.keys.remove(at);
                self.values.remove(at)
            }}
            None => (self.load)(key),
        }};
        self.keys.insert(0, key);
        self.values.insert(0, value);
        self.keys.truncate(self.limit);
        self.values.truncate(self.limit);
        value
    }}
}}
""",
    },
)
