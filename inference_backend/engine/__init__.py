"""Runs requests on a model: who is next, what a step computes, which token comes out."""
