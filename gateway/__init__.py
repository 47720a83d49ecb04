"""The edge: webhooks, spool, limits, public pages, health."""
