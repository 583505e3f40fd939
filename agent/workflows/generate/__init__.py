"""From a sentence to a tested repository (ZeroRepo, arXiv 2509.16198)."""
