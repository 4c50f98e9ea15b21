"""The slow work behind a state."""
