"""llama.cpp as an engine behind the same server: it evaluates tokens, all else is this project's own."""
