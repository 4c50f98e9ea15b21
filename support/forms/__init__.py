"""Forms of support: the address of the list, a new case, what is written into one."""
