"""What pages and rules read of first-party products."""
