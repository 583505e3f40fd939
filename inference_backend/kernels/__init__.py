"""Attention over the paged cache: each operation once in PyTorch and once in Triton, with one signature.

`reference` holds the PyTorch twins, `triton` the kernels, `dispatch` chooses.
"""
