"""Every change of state in the marketplace, one function each."""
