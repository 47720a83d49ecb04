"""WhatsApp: a number that citizens write to, at Meta's Cloud API."""
