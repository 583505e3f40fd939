"""A generation that begins from a graph: what is kept of it enters the workflow as stages already decided."""
