"""Every change of state of webhooks: one function each (T9, P6)."""
