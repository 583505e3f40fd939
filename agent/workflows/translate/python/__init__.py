"""C to Python: skeleton, reader of answers, checks and oracle behind the seam of the workflow."""
