"""Localisation measured over SWE-bench-style cases."""
