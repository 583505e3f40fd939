"""Localisation over SWE-bench-style cases: runs, scores, reports, and training of the ranking models."""
