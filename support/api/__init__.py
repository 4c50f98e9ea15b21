"""Support cases through the API, which calls them service requests."""
