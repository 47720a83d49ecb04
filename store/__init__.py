"""The store: PostgreSQL and the blobs, the one place where state lives."""
