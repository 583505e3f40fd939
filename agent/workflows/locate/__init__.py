"""Localisation with a model: it judges what retrieval over the graph proposes (RPG-Encoder, section 3.3)."""
