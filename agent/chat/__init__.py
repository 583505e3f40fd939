"""The conversation with an agent that works in one folder; it knows nothing of screens."""
