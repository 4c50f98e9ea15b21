"""What people fill in to buy, and to change what was bought."""
