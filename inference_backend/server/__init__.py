"""Serves a local model over an OpenAI-compatible HTTP interface, to other processes or within this one."""
