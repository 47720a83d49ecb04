"""The dialects: how each SMS provider says the same thing."""
