"""A typed Rust crate that compiles before any model is asked: types once, a stub for every function."""
