"""How fast the kernels of the paged cache are, against the best attention that PyTorch has on the same GPU."""
