"""Encoding: source becomes the graph, and stays in step with it (RPG-Encoder, arXiv 2602.02084, section 3)."""
