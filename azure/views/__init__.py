"""Pages of first-party products."""
