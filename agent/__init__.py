"""Workflows, prompts, the model gateway and runs: everything that asks a model."""
