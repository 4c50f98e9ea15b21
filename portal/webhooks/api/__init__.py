"""Webhooks through the API: the original's one registration, and all that the pages can do."""
