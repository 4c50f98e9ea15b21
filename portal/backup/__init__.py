"""One file out of a whole portal, and a portal out of one file (quality row 11, decision 0051)."""
