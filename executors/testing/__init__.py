"""Test suites run in boxes, and their results read from machine-readable reports."""
