"""Pages of webhooks: settings, deliveries, and the certificates of their signatures."""
