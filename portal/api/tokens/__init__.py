"""OAuth2 at the original's paths: asking for tokens, consent, discovery (decision 0024)."""
