"""What the page of a graph is made of: markup, styles and a script, as data."""
