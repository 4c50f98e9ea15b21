"""Bundles through the API."""
