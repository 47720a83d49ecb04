"""The dispatcher: from journal to queue, from outbox to provider, with RQ as the doorbell."""
