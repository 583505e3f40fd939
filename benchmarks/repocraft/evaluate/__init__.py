"""Scoring a repository task by task: localise, vote, adapt the real test, run it (ZeroRepo, section 5.1)."""
