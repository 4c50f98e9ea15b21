"""Every change of state of first-party products, one function each."""
