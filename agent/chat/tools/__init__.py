"""What the agent can do in a project, one file a kind of work."""
