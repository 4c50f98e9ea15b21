"""The sandbox by API: documented extensions below /v1/sandbox (P8, X6)."""
