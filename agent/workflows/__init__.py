"""The LangGraph workflows."""
