"""C as text and as the compiler sees it; runs nothing."""
