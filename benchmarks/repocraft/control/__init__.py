"""Checks the checker: the tasks on the real project, a renamed copy, a stubbed copy and an empty repository."""
