"""Coverage, novelty, size, intervals and the agreement of judges."""
