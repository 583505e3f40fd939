"""Benchmarks: each performance claim has a script here that prints it."""
