"""What pages and API read of bundles."""
