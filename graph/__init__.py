"""The Repository Planning Graph: model, checks, search, rendering. No model call, no subprocess."""
