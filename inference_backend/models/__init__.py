"""Models of the transformers library, loaded and joined to the paged cache without a line of theirs changed."""
