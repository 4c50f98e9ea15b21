"""Customers through the API: the same workflow and queries as the pages (API reference, sections 3 and 4)."""
