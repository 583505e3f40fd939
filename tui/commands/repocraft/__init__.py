"""``repowright bench repocraft``: one module a command."""
