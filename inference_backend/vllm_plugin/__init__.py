"""Our pages and kernels inside vLLM, for models that need several GPUs."""
