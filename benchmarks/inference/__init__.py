"""What the local model costs, and what its settings lose."""
