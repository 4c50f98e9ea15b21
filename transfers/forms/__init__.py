"""What people fill in about transfers."""
