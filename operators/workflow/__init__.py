"""Every change that the programme operator makes: one function each."""
