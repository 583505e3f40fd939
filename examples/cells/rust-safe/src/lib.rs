//! A translation from C, unit by unit.
#![allow(dead_code, improper_ctypes, improper_ctypes_definitions, non_camel_case_types, non_snake_case, non_upper_case_globals, overflowing_literals, static_mut_refs, unused_imports, unused_mut, unused_unsafe, unused_variables, clippy::all)]

pub mod constants;
pub mod types;
pub mod formula;
pub mod functions;
pub mod sheet;
pub mod text;
pub mod trace;
pub mod value;
