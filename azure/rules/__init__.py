"""What is allowed with first-party products, and why not."""
