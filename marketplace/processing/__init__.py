"""The slow work behind subscriptions: calls to publishers, and what time does to terms, cycles and purchases."""
