"""Source facts, edits, git and test discovery. Knows nothing of the graph."""
