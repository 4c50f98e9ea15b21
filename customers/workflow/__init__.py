"""Every change of customers, invitations, relationships and agreements: one function each."""
