"""Shapes of what people type about customers."""
