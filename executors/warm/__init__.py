"""Boxes used again: the program that serves one from inside, and the host's end of it."""
