"""What counts the calls into Rust in a swapped program."""

from __future__ import annotations

from repowright.agent.workflows.translate.checks.crate import Crate
from repowright.agent.workflows.translate.checks.rust_library import is_2024

VARIABLE = "REPOWRIGHT_HITS"
"""Names the file that calls are written to."""
HIT = "crate::repowright_hits::hit(NUMBER);"
"""What a wrapper runs first, with its number."""
_SUPPORT = """
#[doc(hidden)]
#[allow(warnings)]
pub mod repowright_hits {
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};
    pub static HITS: [AtomicU64; COUNT] = [const { AtomicU64::new(0) }; COUNT];
    fn write(line: String) {
        let Ok(path) = std::env::var("REPOWRIGHT_HITS") else { return };
        if let Ok(mut file) = std::fs::OpenOptions::new().append(true).create(true).open(path) {
            let _ = file.write_all(line.as_bytes());
        }
    }
    pub fn hit(number: usize) {
        if HITS[number].fetch_add(1, Ordering::Relaxed) == 0 {
            write(format!("{number} 1\\n"));
        }
    }
    extern "C" fn report() {
        for (number, count) in HITS.iter().enumerate() {
            write(format!("{number} {}\\n", count.load(Ordering::Relaxed)));
        }
    }
    #[used]
    #[SECTION]
    static REPORT: extern "C" fn() = report;
}
"""
"""A first call is told at once, since a program may end without its last words."""


def support(crate: Crate, count: int) -> str:
    """The module that counts calls of so many wrappers."""
    section = 'link_section = ".fini_array"'
    section = f"unsafe({section})" if is_2024(crate) else section
    return _SUPPORT.replace("COUNT", str(count)).replace("SECTION", section)


def read_hits(data: bytes, functions: tuple[str, ...]) -> dict[str, int]:
    """Calls by name of the function."""
    counts: dict[str, int] = {}
    for line in data.decode("ascii", "replace").splitlines():
        parts = line.split()
        if len(parts) == 2 and all(part.isdigit() for part in parts) and int(parts[0]) < len(functions):
            name = functions[int(parts[0])]
            counts[name] = max(int(parts[1]), counts.get(name, 0))
    return counts
