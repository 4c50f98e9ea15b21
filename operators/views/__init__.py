"""Pages of the programme operator, and a partner's own nomination."""
