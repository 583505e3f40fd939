//! Types of the project, each once.

/// A `long double`: sixteen bytes that Rust cannot compute with.
#[repr(C, align(16))]
#[derive(Clone, Copy)]
pub struct CLongDouble(pub [u8; 16]);

/// What a `va_list` points to.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CVaListTag {
    pub general: u32,
    pub floating: u32,
    pub overflow: *mut ::core::ffi::c_void,
    pub saved: *mut ::core::ffi::c_void,
}

/// Something Rust has no type for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct CUnknown {
    _bytes: [u8; 0],
}

pub type FILE = crate::types::_IO_FILE;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct _IO_FILE {
    pub _flags: ::core::ffi::c_int,
    pub _IO_read_ptr: *mut ::core::ffi::c_char,
    pub _IO_read_end: *mut ::core::ffi::c_char,
    pub _IO_read_base: *mut ::core::ffi::c_char,
    pub _IO_write_base: *mut ::core::ffi::c_char,
    pub _IO_write_ptr: *mut ::core::ffi::c_char,
    pub _IO_write_end: *mut ::core::ffi::c_char,
    pub _IO_buf_base: *mut ::core::ffi::c_char,
    pub _IO_buf_end: *mut ::core::ffi::c_char,
    pub _IO_save_base: *mut ::core::ffi::c_char,
    pub _IO_backup_base: *mut ::core::ffi::c_char,
    pub _IO_save_end: *mut ::core::ffi::c_char,
    pub _markers: *mut crate::types::_IO_marker,
    pub _chain: *mut crate::types::_IO_FILE,
    pub _fileno: ::core::ffi::c_int,
    pub _flags2: ::core::ffi::c_int,
    pub _old_offset: crate::types::__off_t,
    pub _cur_column: ::core::ffi::c_ushort,
    pub _vtable_offset: ::core::ffi::c_schar,
    pub _shortbuf: [::core::ffi::c_char; 1],
    pub _lock: *mut crate::types::_IO_lock_t,
    pub _offset: crate::types::__off64_t,
    pub _codecvt: *mut crate::types::_IO_codecvt,
    pub _wide_data: *mut crate::types::_IO_wide_data,
    pub _freeres_list: *mut crate::types::_IO_FILE,
    pub _freeres_buf: *mut ::core::ffi::c_void,
    pub __pad5: usize,
    pub _mode: ::core::ffi::c_int,
    pub _unused2: [::core::ffi::c_char; 20],
}
const _: () = assert!(::core::mem::size_of::<_IO_FILE>() == 216);

/// Opaque: nothing defines it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _IO_codecvt {
    _opaque: [u8; 0],
}

pub type _IO_lock_t = ::core::ffi::c_void;

/// Opaque: nothing defines it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _IO_marker {
    _opaque: [u8; 0],
}

/// Opaque: nothing defines it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _IO_wide_data {
    _opaque: [u8; 0],
}

pub type __off64_t = ::core::ffi::c_long;

pub type __off_t = ::core::ffi::c_long;

/// `sheet.c:12`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct cell {
    pub source: *mut ::core::ffi::c_char,
    pub value: crate::types::value,
    pub state: crate::types::state,
}
const _: () = assert!(::core::mem::size_of::<cell>() == 32);

pub type fault = ::core::ffi::c_uint;
pub const FAULT_SYNTAX: fault = 0;
pub const FAULT_NAME: fault = 1;
pub const FAULT_PLACE: fault = 2;
pub const FAULT_CYCLE: fault = 3;
pub const FAULT_DIVISION: fault = 4;
pub const FAULT_KIND: fault = 5;

/// `functions.h:7`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct function {
    pub name: *const ::core::ffi::c_char,
    pub least: usize,
    pub most: usize,
    pub apply: ::core::option::Option<unsafe extern "C" fn(*const crate::types::value, usize) -> crate::types::value>,
}
const _: () = assert!(::core::mem::size_of::<function>() == 32);

/// `formula.c:18`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct list {
    pub items: *mut crate::types::value,
    pub count: usize,
    pub room: usize,
}
const _: () = assert!(::core::mem::size_of::<list>() == 24);

/// `formula.c:11`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct reader {
    pub sheet: *mut crate::types::sheet,
    pub at: *const ::core::ffi::c_char,
    pub depth: ::core::ffi::c_int,
}
const _: () = assert!(::core::mem::size_of::<reader>() == 24);

/// `sheet.c:18`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct sheet {
    pub columns: usize,
    pub rows: usize,
    pub cells: *mut crate::types::cell,
}
const _: () = assert!(::core::mem::size_of::<sheet>() == 24);

pub type size_t = ::core::ffi::c_ulong;

pub type state = ::core::ffi::c_uint;
pub const STATE_FRESH: state = 0;
pub const STATE_STALE: state = 1;
pub const STATE_BUSY: state = 2;

/// `text.h:7`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct text {
    pub bytes: *mut ::core::ffi::c_char,
    pub length: usize,
    pub room: usize,
}
const _: () = assert!(::core::mem::size_of::<text>() == 24);

/// `value.h:12`
#[repr(C)]
#[derive(Clone, Copy)]
pub union union_value_h_12 {
    pub number: ::core::ffi::c_double,
    pub text: *mut ::core::ffi::c_char,
    pub fault: crate::types::fault,
}
const _: () = assert!(::core::mem::size_of::<union_value_h_12>() == 8);

/// `value.h:10`
#[repr(C)]
#[derive(Clone, Copy)]
pub struct value {
    pub kind: crate::types::value_kind,
    pub r#as: crate::types::union_value_h_12,
}
const _: () = assert!(::core::mem::size_of::<value>() == 16);

pub type value_kind = ::core::ffi::c_uint;
pub const VALUE_EMPTY: value_kind = 0;
pub const VALUE_NUMBER: value_kind = 1;
pub const VALUE_TEXT: value_kind = 2;
pub const VALUE_FAULT: value_kind = 3;

pub type value_order = ::core::option::Option<unsafe extern "C" fn(*const crate::types::value, *const crate::types::value) -> ::core::ffi::c_int>;
