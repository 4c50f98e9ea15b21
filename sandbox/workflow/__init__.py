"""Every change of state of sandboxes, and what they play."""
