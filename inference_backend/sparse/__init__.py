"""Which pages of its cache a decoding step reads, and what stands for the others."""
