"""C to Rust, unit by unit, every step checked."""
