"""Tests first, then code: each unit in a sandbox, failures blamed on evidence, repairs bounded."""
