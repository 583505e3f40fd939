"""The screens: a run that is watched or replayed, and a conversation."""
