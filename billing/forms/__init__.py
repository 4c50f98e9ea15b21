"""Shapes of what people enter on the pages of billing."""
