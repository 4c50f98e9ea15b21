"""What time does to first-party subscriptions."""
