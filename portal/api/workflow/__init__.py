"""The only places that change app registrations, consents, tokens and kept answers."""
