"""Measures what a cache costs a model: perplexity and recall under each way of keeping and of reading it."""
