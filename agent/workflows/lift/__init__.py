"""Lifting: a model says what the code of an encoded repository is for (RPG-Encoder, arXiv 2602.02084, section 3)."""
