//! `value.c`

use crate::constants::*;
use crate::types::*;

/// `value.c:8`
pub static mut fault_names: [*const ::core::ffi::c_char; 6] = [
    b"#SYNTAX!\0".as_ptr() as *const ::core::ffi::c_char, // FAULT_SYNTAX
    b"#NAME?\0".as_ptr() as *const ::core::ffi::c_char,   // FAULT_NAME
    b"#PLACE!\0".as_ptr() as *const ::core::ffi::c_char,  // FAULT_PLACE
    b"#CYCLE!\0".as_ptr() as *const ::core::ffi::c_char,  // FAULT_CYCLE
    b"#DIV/0!\0".as_ptr() as *const ::core::ffi::c_char,  // FAULT_DIVISION
    b"#KIND!\0".as_ptr() as *const ::core::ffi::c_char,   // FAULT_KIND
];

/// `value.c:17`
pub static mut owning: ::core::ffi::c_long = unsafe { ::core::mem::zeroed() };

/// `value.c:19`
pub unsafe extern "C" fn value_empty() -> crate::types::value {
    crate::types::value {
        kind: VALUE_EMPTY,
        r#as: crate::types::union_value_h_12 { number: 0.0 },
    }
}

/// `value.c:25`
pub unsafe extern "C" fn value_number(number: ::core::ffi::c_double) -> crate::types::value {
    crate::types::value {
        kind: VALUE_NUMBER,
        r#as: crate::types::union_value_h_12 { number },
    }
}

/// `value.c:31`
pub unsafe extern "C" fn value_text(bytes: *const ::core::ffi::c_char, length: usize) -> crate::types::value {
    let text = crate::text::copy_bytes(bytes, length);
    owning += 1;
    crate::types::value {
        kind: VALUE_TEXT,
        r#as: crate::types::union_value_h_12 { text },
    }
}

/// `value.c:38`
pub unsafe extern "C" fn value_fault(fault: crate::types::fault) -> crate::types::value {
    crate::types::value {
        kind: VALUE_FAULT,
        r#as: crate::types::union_value_h_12 { fault },
    }
}

/// `value.c:44`
pub unsafe extern "C" fn value_copy(value: *const crate::types::value) -> crate::types::value {
    let value = *value;
    if value.kind == VALUE_TEXT {
        let text = value.r#as.text;
        return value_text(text, ::core::ffi::CStr::from_ptr(text).to_bytes().len());
    }
    value
}

/// `value.c:52`
pub unsafe extern "C" fn value_free(value: *mut crate::types::value) {
    let value = &mut *value;
    if value.kind == VALUE_TEXT {
        free(value.r#as.text.cast());
        owning -= 1;
    }
    *value = value_empty();
}

/// `value.c:62`
pub unsafe extern "C" fn rank_of(kind: crate::types::value_kind) -> ::core::ffi::c_int {
    match kind {
        VALUE_NUMBER => 0,
        VALUE_TEXT => 1,
        VALUE_FAULT => 2,
        _ => 3,
    }
}

/// `value.c:76`
pub unsafe extern "C" fn value_ascending(left: *const crate::types::value, right: *const crate::types::value) -> ::core::ffi::c_int {
    let left = &*left;
    let right = &*right;
    if left.kind != right.kind {
        return rank_of(left.kind) - rank_of(right.kind);
    }
    match left.kind {
        VALUE_NUMBER => {
            let (left, right) = (left.r#as.number, right.r#as.number);
            ::core::ffi::c_int::from(left > right) - ::core::ffi::c_int::from(left < right)
        }
        VALUE_TEXT => strcmp(left.r#as.text, right.r#as.text),
        VALUE_FAULT => (left.r#as.fault as ::core::ffi::c_int).wrapping_sub(right.r#as.fault as ::core::ffi::c_int),
        _ => 0,
    }
}

/// `value.c:93`
pub unsafe extern "C" fn value_descending(left: *const crate::types::value, right: *const crate::types::value) -> ::core::ffi::c_int {
    value_ascending(right, left)
}

/// `value.c:98`
pub unsafe extern "C" fn value_write(value: *const crate::types::value, out: *mut crate::types::text) {
    let value = &*value;
    match value.kind {
        VALUE_NUMBER => crate::text::text_add_number(out, value.r#as.number),
        VALUE_TEXT => crate::text::text_add_word(out, value.r#as.text),
        VALUE_FAULT => {
            let names = &*::core::ptr::addr_of!(fault_names);
            let name = match names.get(value.r#as.fault as usize) {
                Some(&name) => name,
                None => b"#FAULT!\0".as_ptr() as *const ::core::ffi::c_char,
            };
            crate::text::text_add_word(out, name);
        }
        _ => {}
    }
}

/// `value.c:115`
pub unsafe extern "C" fn values_owning() -> ::core::ffi::c_long {
    owning
}

extern "C" {
    fn free(memory: *mut ::core::ffi::c_void);
}

extern "C" {
    fn strcmp(left: *const ::core::ffi::c_char, right: *const ::core::ffi::c_char) -> ::core::ffi::c_int;
}
