"""Local language models with a quantised, sparsely read cache of keys and values. Knows nothing of the other rooms."""
