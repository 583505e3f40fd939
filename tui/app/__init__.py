"""The app: every screen is drawn from events alone, live or recorded."""
