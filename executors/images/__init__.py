"""What boxes are made of: images, root file systems, interpreters and the tools inside."""
