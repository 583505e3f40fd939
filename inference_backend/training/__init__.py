"""Learns from real text what a cache needs of a model: gates, codebooks, and which layers must read everything."""
