"""What the agent may do unasked: modes, rules that stick, shell commands read part by part, and secrets kept back."""
