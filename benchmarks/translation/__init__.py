"""Translation from C to Rust, measured."""
