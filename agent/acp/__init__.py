"""The Agent Client Protocol: a conversation inside an editor."""
