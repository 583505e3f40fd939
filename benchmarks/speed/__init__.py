"""What the framework itself costs beside the model and the sandbox."""
