"""The marketplace as HTTP: what partners buy for customers, and what they manage afterwards."""
