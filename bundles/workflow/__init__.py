"""Every change of a bundle and of what was sold of it."""
