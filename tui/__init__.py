"""What a person touches: the command line, the live view and the report pages."""
