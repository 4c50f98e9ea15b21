"""Transfers through the API: the same workflow and queries as the pages (API reference, section 2)."""
