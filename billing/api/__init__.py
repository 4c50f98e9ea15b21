"""Invoices and their lines through the API (M9, API reference, section 8)."""
