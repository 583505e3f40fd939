//! Constants that macros stand for.

/// `functions.c:5`
pub const ANY_NUMBER: ::core::ffi::c_ulong = 18446744073709551615;

/// `text.c:7`
pub const DECIMALS: ::core::ffi::c_int = 4;

/// `text.c:8`
pub const DECIMAL_SCALE: ::core::ffi::c_uint = 10000;

/// `formula.c:8`
pub const DEEPEST: ::core::ffi::c_int = 40;

/// `text.c:6`
pub const LARGEST_SHOWN: ::core::ffi::c_double = 1000000000000.0;

/// `sheet.h:8`
pub const MOST_COLUMNS: ::core::ffi::c_int = 26;

/// `sheet.h:9`
pub const MOST_ROWS: ::core::ffi::c_int = 99;
