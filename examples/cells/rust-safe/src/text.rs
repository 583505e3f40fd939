//! `text.c`

use crate::constants::*;
use crate::types::*;

/// `text.c:11`
pub unsafe extern "C" fn take_memory(old: *mut ::core::ffi::c_void, size: usize) -> *mut ::core::ffi::c_void {
    let memory = realloc(old, size.max(1));
    if memory.is_null() {
        ::std::process::abort();
    }
    memory
}

/// `text.c:20`
pub unsafe extern "C" fn copy_bytes(bytes: *const ::core::ffi::c_char, length: usize) -> *mut ::core::ffi::c_char {
    let copy: *mut ::core::ffi::c_char = take_memory(::core::ptr::null_mut(), length.wrapping_add(1)).cast();
    if length > 0 {
        ::core::ptr::copy_nonoverlapping(bytes, copy, length);
    }
    *copy.add(length) = 0;
    copy
}

/// `text.c:30`
pub unsafe extern "C" fn text_init(text: *mut crate::types::text) {
    // What is there may be uninitialised: it is written over, never read.
    text.write(crate::types::text {
        bytes: ::core::ptr::null_mut(),
        length: 0,
        room: 0,
    });
}

/// `text.c:37`
pub unsafe extern "C" fn text_free(text: *mut crate::types::text) {
    free((*text).bytes.cast());
    text_init(text);
}

/// `text.c:43`
pub unsafe extern "C" fn text_add(text: *mut crate::types::text, bytes: *const ::core::ffi::c_char, length: usize) {
    if length == 0 {
        return;
    }
    let text = &mut *text;
    let needed = text.length.wrapping_add(length);
    if needed > text.room {
        text.room = text.room.wrapping_mul(2).max(needed);
        text.bytes = take_memory(text.bytes.cast(), text.room).cast();
    }
    ::core::ptr::copy_nonoverlapping(bytes, text.bytes.add(text.length), length);
    text.length = needed;
}

/// `text.c:56`
pub unsafe extern "C" fn text_add_word(text: *mut crate::types::text, word: *const ::core::ffi::c_char) {
    text_add(text, word, ::core::ffi::CStr::from_ptr(word).to_bytes().len());
}

/// `text.c:61`
pub unsafe extern "C" fn text_add_char(text: *mut crate::types::text, letter: ::core::ffi::c_char) {
    text_add(text, &letter, 1);
}

/// `text.c:67`
pub unsafe extern "C" fn add_digits(text: *mut crate::types::text, number: ::core::ffi::c_ulonglong, width: ::core::ffi::c_int) {
    let mut digits = [0u8; 24];
    let mut at = digits.len();
    let mut number = number;
    let mut width = width;
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        width = width.wrapping_sub(1);
        if number == 0 && width <= 0 {
            break;
        }
    }
    let written = &digits[at..];
    text_add(text, written.as_ptr().cast(), written.len());
}

/// `text.c:79`
pub unsafe extern "C" fn text_add_number(text: *mut crate::types::text, number: ::core::ffi::c_double) {
    let size = number.abs();
    // No number at all is not shown either, so this is more than `size >= LARGEST_SHOWN`.
    if !(size < LARGEST_SHOWN) {
        text_add_word(text, b"#####\0".as_ptr().cast());
        return;
    }
    let scale = u64::from(DECIMAL_SCALE);
    let scaled = (size * f64::from(DECIMAL_SCALE) + 0.5) as u64;
    if number < 0.0 && scaled > 0 {
        text_add_char(text, b'-' as ::core::ffi::c_char);
    }
    add_digits(text, scaled / scale, 1);
    let mut decimals = scaled % scale;
    if decimals == 0 {
        return;
    }
    let mut width = DECIMALS;
    while decimals % 10 == 0 {
        decimals /= 10;
        width -= 1;
    }
    text_add_char(text, b'.' as ::core::ffi::c_char);
    add_digits(text, decimals, width);
}

extern "C" {
    fn realloc(old: *mut ::core::ffi::c_void, size: usize) -> *mut ::core::ffi::c_void;
}

extern "C" {
    fn free(memory: *mut ::core::ffi::c_void);
}
