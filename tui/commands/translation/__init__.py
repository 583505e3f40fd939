"""``repowright bench translation``: one module a command."""
