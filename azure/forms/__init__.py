"""Shapes of what is typed about first-party products."""
