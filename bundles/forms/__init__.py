"""What is filled in about bundles."""
