"""Who is told what about support cases and service health."""
