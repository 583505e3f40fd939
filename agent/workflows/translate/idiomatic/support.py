"""Rust that every converter shares: a small deterministic generator, and C's texts, arrays and pointers.

What converters hand to C comes from the system's allocator, which is ``malloc`` there, so that C may free it. What
lies on the stack or in the program's own file is never freed: C lent it.
"""

from __future__ import annotations

ROUNDS = 200
"""Values that each type is tried with."""
DEPTH = 3
"""How deep pointers are followed when a value is drawn."""

SUPPORT_MODULE = """
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Draw(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    pub fn number(&mut self) -> i64 {
        match self.below(4) {
            0 => self.below(10) as i64,
            1 => [-1, i32::MIN as i64, i32::MAX as i64, i64::MIN, i64::MAX, 255, 256, 65_536][self.below(8) as usize],
            _ => self.next() as i64,
        }
    }

    pub fn real(&mut self) -> f64 {
        self.number() as i32 as f64 / 8.0
    }

    pub fn letter(&mut self) -> u8 {
        b' ' + self.below(95) as u8
    }

    pub fn text(&mut self, most: u64) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.letter()).collect()
    }
}

thread_local! {
    static INSIDE: std::cell::RefCell<Vec<&'static str>> = const { std::cell::RefCell::new(Vec::new()) };
}

pub fn alike(differing: Option<&'static str>) -> bool {
    if let Some(member) = differing {
        INSIDE.with(|inside| inside.borrow_mut().push(member));
    }
    differing.is_none()
}

pub fn lost(member: &str) -> String {
    let inside = INSIDE.with(|inside| std::mem::take(&mut *inside.borrow_mut()));
    let path: Vec<&str> = std::iter::once(member).chain(inside.into_iter().rev()).collect();
    format!("{} is lost from C to Rust and back", path.join("."))
}

fn room(size: usize, align: usize) -> *mut u8 {
    use std::alloc::GlobalAlloc;
    unsafe { std::alloc::System.alloc(std::alloc::Layout::from_size_align(size.max(1), align).unwrap()) }
}

pub unsafe fn seen<T, U>(value: &T) -> &U {
    assert_eq!(core::mem::size_of::<T>(), core::mem::size_of::<U>());
    &*(value as *const T as *const U)
}

pub unsafe fn moved<T, U>(value: T) -> U {
    assert_eq!(core::mem::size_of::<T>(), core::mem::size_of::<U>());
    core::mem::transmute_copy(&value)
}

fn fixed() -> Vec<(usize, usize)> {
    let told = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let (mut found, mut before) = (Vec::new(), 0);
    for line in told.lines() {
        let mut parts = line.split_whitespace();
        let (Some(range), name) = (parts.next(), parts.nth(4).unwrap_or("")) else { continue };
        let Some((start, end)) = range.split_once('-') else { continue };
        let number = |text: &str| usize::from_str_radix(text, 16).unwrap_or(0);
        let (start, end) = (number(start), number(end));
        if name == "[stack]" {
            found.push((end.saturating_sub(1 << 23), end));
        } else if name.starts_with('/') || (name.is_empty() && start == before) {
            found.push((start, end));
            before = end;
        }
    }
    found
}

pub fn is_fixed<T>(place: *const T) -> bool {
    static FIXED: std::sync::OnceLock<Vec<(usize, usize)>> = std::sync::OnceLock::new();
    FIXED.get_or_init(fixed).iter().any(|each| each.0 <= place as usize && (place as usize) < each.1)
}

pub unsafe fn give_back<T>(place: *mut T) {
    use std::alloc::GlobalAlloc;
    if !place.is_null() && !is_fixed(place) {
        std::alloc::System.dealloc(place as *mut u8, std::alloc::Layout::new::<u8>());
    }
}

pub fn place<T>(value: T) -> *mut T {
    let kept = room(core::mem::size_of::<T>(), core::mem::align_of::<T>()) as *mut T;
    unsafe { kept.write(value) };
    kept
}

pub fn row<T>(mut values: Vec<T>) -> *mut T {
    let kept = room(core::mem::size_of::<T>() * values.len(), core::mem::align_of::<T>()) as *mut T;
    unsafe {
        core::ptr::copy_nonoverlapping(values.as_ptr(), kept, values.len());
        values.set_len(0);
    }
    kept
}

pub fn c_text(bytes: &[u8]) -> *mut u8 {
    let mut kept = bytes.to_vec();
    kept.push(0);
    row(kept)
}

pub unsafe fn bytes_of<'a>(text: *const u8) -> &'a [u8] {
    core::ffi::CStr::from_ptr(text as *const core::ffi::c_char).to_bytes()
}

pub unsafe fn same_text(a: *const u8, b: *const u8) -> bool {
    if a.is_null() || b.is_null() {
        return a.is_null() == b.is_null();
    }
    bytes_of(a) == bytes_of(b)
}

pub fn until_zero(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().take_while(|each| *each != 0).collect()
}

pub fn filled<const N: usize>(bytes: &[u8]) -> [u8; N] {
    core::array::from_fn(|each| if each + 1 < N { bytes.get(each).copied().unwrap_or(0) } else { 0 })
}

pub fn run(rounds: u64, mut once: impl FnMut(&mut Draw) -> Option<String>) {
    let mut draw = Draw::new(1);
    let (mut failed, mut told) = (0, String::new());
    for _ in 0..rounds {
        let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| once(&mut draw)));
        let wrong = match seen {
            Ok(found) => found,
            Err(panic) => Some(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "it panics".to_string())),
        };
        if let Some(wrong) = wrong {
            failed += 1;
            told = if told.is_empty() { wrong.replace('\\n', " ") } else { told };
        }
    }
    println!("round trips: {rounds} {failed} {told}");
}
"""
