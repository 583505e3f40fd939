"""The operations as Triton kernels, one file each; they use what Triton 3.6 and 3.7 have in common."""
