#![forbid(unsafe_code)]

pub mod functions;
pub mod sheet;
pub mod text;
pub mod value;
