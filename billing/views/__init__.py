"""Pages of prices, usage and what is owed."""
