"""Words of source files, counted once a file and found again in milliseconds."""
