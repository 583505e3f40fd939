//! `trace.c`

use crate::constants::*;
use crate::types::*;

/// `trace.c:5`
extern "C" {
    pub fn trace(file: *mut crate::types::FILE, format: *const ::core::ffi::c_char, ...);
}
