"""Boxes made of Linux namespaces by bubblewrap, without a daemon."""
