"""The Model Context Protocol, from both sides: a server of the graph, and a client of other servers."""
