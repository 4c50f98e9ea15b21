"""What pages and API show of prices and of what is owed."""
