"""The local inference backend: models, KV cache, kernels and server. Knows nothing of the other rooms."""
