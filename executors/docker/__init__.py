"""Boxes that are hardened containers, made through the Docker daemon."""
